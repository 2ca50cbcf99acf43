/** Languages and the analysis of many texts with few native calls. */
import { describe, expect, test } from "vitest";
import { createRandom } from "../../../scripts/chaos/random.ts";
import { toAnalyser } from "../../../src/node/lance/analyser.ts";
import { lancedb } from "../../../src/node/lance/native.ts";
import { createTermCounter } from "../../../src/node/lance/term-counter.ts";
import { createPieceAnalyser } from "../../../src/node/lance/piece-analyser.ts";
import { createTermTable, readTermTable } from "../../../src/stores/lance/term-table.ts";
import { HOSTILE_TEXTS, spec } from "../../conformance/store-data.ts";

describe("a language", () => {
  test.each(["klingon", "", "chinese", "English; DROP"])(
    "%j is refused before native code",
    (language) => {
      expect(() => toAnalyser({ ...spec, language })).toThrow(/use none or one of/);
    },
  );
  test.each([
    ["english", "running", ["run"]],
    ["German", "Häuser", ["haus"]],
    ["none", "the running", ["the", "running"]],
  ])("%s is known", async (language, text, expected) => {
    const tokens = await lancedb.tokenize(text, toAnalyser({ ...spec, language }));
    expect(tokens.map((token) => token.text)).toEqual(expected);
  });
});

describe("analysis in pieces", () => {
  const texts = [
    ...HOSTILE_TEXTS,
    "The organisation's generalizations: running, RUNNING & ran; don't e-mail x_y 3.14",
    "Straße ΣΑΣ naïve ﬁne İstanbul ǅ ① ² Ⅷ",
    "東京タワーに行きました。私は学生です。",
    "ภาษาไทยไม่มีช่องว่าง hello ไทย",
    "한국어 문장입니다 नमस्ते दुनिया مرحبا بالعالم",
    "user@example.com https://example.com/a?b=c 10.0.0.1 C++ snake_case",
    `${"a".repeat(39)} ${"b".repeat(41)}`,
    "7q0x4z9 the separator itself 7q0x4z9",
  ];
  test.each(["words", "icu"] as const)(
    "equals the analysis of whole texts with %s",
    async (tokenizer) => {
      const analyser = toAnalyser({ ...spec, tokenizer });
      const pieces = createPieceAnalyser(analyser);
      const found = await pieces.analyse(texts);
      for (const [index, text] of texts.entries()) {
        const whole = await lancedb.tokenize(text.toWellFormed(), analyser);
        expect(found[index]).toEqual(whole.map((token) => token.text));
      }
      expect(await pieces.analyse(texts)).toEqual(found);
    },
  );
});

describe("a term table", () => {
  const counts = new Map([
    ["a", 1],
    ["zebra", 7],
    ["é", 2],
    ["😀", 3],
    ["東京", 4],
    ["\uffff", 5],
  ]);
  const options = {
    version: 3,
    chunks: 9,
    trainedRows: 4,
    changedRows: 5,
    counts,
    forms: new Map([["organis", "organised"]]),
  };

  test("finds every term and nothing else, stored and read back", () => {
    const table = readTermTable(createTermTable(options).stored);
    expect(new Map(table.entries())).toEqual(counts);
    for (const [term, count] of counts)
      expect([term, table.frequency(term)]).toEqual([term, count]);
    for (const term of ["", "b", "zebr", "zebras", "\u0000"]) expect(table.frequency(term)).toBe(0);
    expect(table.forms.get("organis")).toBe("organised");
    expect(table).toMatchObject({ version: 3, chunks: 9, trainedRows: 4, changedRows: 5 });
  });
  test("that was changed again and again is the one that is counted anew", () => {
    const random = createRandom(5);
    const pick = (max: number): number => Math.floor(random() * max);
    const truth = new Map<string, number>();
    const forms = new Map<string, string>();
    let table = createTermTable({ ...options, counts: new Map(), forms: new Map() });
    for (let round = 0; round < 60; round += 1) {
      const changes = new Map<string, number>();
      while (changes.size < pick(12)) {
        const term = `${["a", "é", "東", "😀", "z"][pick(5)]}${pick(40)}`;
        const before = truth.get(term) ?? 0;
        const change = pick(2) === 0 ? -Math.min(before, 2) : 1 + pick(3);
        changes.set(term, (changes.get(term) ?? 0) + change);
        truth.set(term, before + change);
        forms.set(term, `${term}ed`);
        if (before + change > 0) continue;
        truth.delete(term);
        forms.delete(term);
      }
      const fresh = new Map([...forms].filter(([term]) => changes.has(term)));
      table = createTermTable({ ...options, counts: changes, forms: fresh }, table);
      const anew = createTermTable({ ...options, counts: truth, forms });
      expect(table.forms).toEqual(forms);
      expect({ ...table.stored, forms: "" }).toEqual({ ...anew.stored, forms: "" });
    }
    expect(truth.size).toBeGreaterThan(20);
  });
  test("is not unpacked for a few chunks", async () => {
    const start = { ...createTermTable(options), entries: () => expect.unreachable() };
    const counter = createTermCounter(toAnalyser(spec), start);
    await counter.add(["organised zebras", "zebras"]);
    const table = await counter.toTable({ version: 4, trainedRows: 0, changedRows: 2 });
    expect(table.chunks).toBe(options.chunks + 2);
    expect(new Map(table.entries())).toEqual(new Map([...counts, ["organis", 1], ["zebra", 9]]));
    expect(table.forms.get("organis")).toBe("organised");
  });
  test("may be empty", () => {
    const table = readTermTable(createTermTable({ ...options, counts: new Map() }).stored);
    expect([...table.entries()]).toEqual([]);
    expect(table.frequency("a")).toBe(0);
  });
});
