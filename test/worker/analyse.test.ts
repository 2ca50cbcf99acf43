/** The analysis of objects, held against LanceDB's own. */
import { describe, expect, test } from "vitest";
import { lancedb } from "../../src/node/lance/native.ts";
import { toAnalyser } from "../../src/node/lance/analyser.ts";
import { analyse, toToken } from "../../src/worker/durable/analyse.ts";

const english = { language: "english", tokenizer: "words" } as const;
const TEXTS = [
  "How should I decide what the others did, and why was it not done before?",
  "We were told that these won't be here again; ours are the most of all.",
  "Retries use jitter so that clients do not come back at the same moment.",
  "Ångström, naïve café: œuvre and STRASSE in 2026, e-mail v2.1",
];

describe("English", () => {
  test.each(TEXTS)("leaves out the same words as LanceDB: %s", async (text) => {
    for (const word of text.match(/[\p{Alphabetic}\p{N}]+/gu) ?? []) {
      const native = await lancedb.tokenize(word, toAnalyser(english));
      expect([word, analyse(word, english).length]).toEqual([word, native.length]);
    }
  });
  test("stems, folds and keeps what is no word of English", () => {
    expect(analyse("Retries Ängste 東京 42", english)).toEqual(["retri", "angst", "東京", "42"]);
  });
});

test("without a language words are folded only", () => {
  const none = { language: "none", tokenizer: "words" } as const;
  expect(analyse("The Retries são", none)).toEqual(["the", "retries", "sao"]);
});

test("scripts without blanks are segmented where the collection says so", () => {
  const icu = { language: "none", tokenizer: "icu" } as const;
  expect(analyse("東京に行く", icu).length).toBeGreaterThan(1);
});

test("every term is one token of plain characters, and no two are the same", () => {
  const terms = ["a", "zz61", "zz", "é", "zzc3a9", "東京", "😀", "NOT", "*", 'a"b', "x y"];
  const tokens = terms.map(toToken);
  expect(new Set(tokens).size).toBe(terms.length);
  for (const token of tokens) expect(token).toMatch(/^[a-z0-9]+$/);
});

test("of a word of thousands of letters its beginning is the term", () => {
  const none = { language: "none", tokenizer: "words" } as const;
  const [term = ""] = analyse("x".repeat(100_000), none);
  expect(term.length).toBeLessThan(100);
  expect(analyse("x".repeat(5_000), none)).toEqual([term]);
});
