/** What a sentence says does not depend on the Markdown around its words, nor on where its lines are broken. */
import { expect, test } from "vitest";
import { checkSentence } from "../../src/grounding/check/check-sentence.ts";
import { type Evidence, readEvidence } from "../../src/grounding/check/evidence.ts";
import { readClaims } from "../support/claims.ts";

const claims = await readClaims();
const NUMBER = /(?<![\p{L}\p{N}_.,])\d[\d.,]*(?<=\d)(?![\p{L}\p{N}_])/gu;

const dressings: readonly (readonly [string, (text: string) => string])[] = [
  ["bold", (text) => `**${text}**`],
  ["italic", (text) => `_${text}_`],
  ["bold numbers", (text) => text.replaceAll(NUMBER, "**$&**")],
  ["a bold first word", (text) => text.replace(/^\p{L}+/u, "**$&**")],
  ["a bold last word", (text) => text.replace(/\p{L}+(?=[.!?]?$)/u, "**$&**")],
  ["names in italics", (text) => text.replaceAll(/(?<!\p{L})\p{Lu}\p{Ll}+(?!\p{L})/gu, "*$&*")],
  ["code", (text) => text.replaceAll(/(?<![\p{L}_-])\p{Ll}{5,}(?![\p{L}_-])/gu, "`$&`")],
  ["a line break in each blank", (text) => text.replaceAll(" ", "\n")],
  ["wide blanks", (text) => text.replaceAll(" ", "  ")],
  ["blanks that do not break", (text) => text.replaceAll(" ", "\u00a0")],
];
const ofClaims = [
  ...dressings,
  ["an entry of a list", (text: string) => `- ${text}`] as const,
  ["an entry with a number", (text: string) => `1. **${text}**`] as const,
  ["quoted", (text: string) => `> ${text}`] as const,
];
const ofPassages = dressings.filter(([name]) => /number|name|word|code/u.test(name));

const known = new Map<string, Evidence>();
const toEvidence = (passage: string): Evidence => {
  const evidence = known.get(passage) ?? readEvidence(passage);
  known.set(passage, evidence);
  return evidence;
};
const toVerdict = (claim: string, passages: readonly string[]) =>
  checkSentence(claim, passages.map(toEvidence));
const cases = claims.map((one) => ({ ...one, verdict: toVerdict(one.claim, one.passages) }));

test.each(ofClaims)("a claim: %s", (_, dress) => {
  const changed = cases.filter(
    ({ claim, passages, verdict }) => toVerdict(dress(claim), passages) !== verdict,
  );
  expect(changed.map(({ claim }) => dress(claim))).toEqual([]);
});

test.each(ofPassages)("a passage: %s", (_, dress) => {
  const changed = cases.filter(
    ({ claim, passages, verdict }) => toVerdict(claim, passages.map(dress)) !== verdict,
  );
  expect(changed.map(({ claim, passages }) => [claim, passages.map(dress)])).toEqual([]);
});
