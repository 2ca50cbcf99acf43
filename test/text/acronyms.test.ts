import { expect, test } from "vitest";
import { findAcronyms, findSpeltOut } from "../../src/text/acronyms.ts";
import { toWords } from "../../src/text/words.ts";

test.each([
  ["Who is the CISO?", "The Chief Information Security Officer is away.", false, ["ciso"]],
  ["Who signed the NDA?", "Mutual non-disclosure agreement", true, ["nda"]],
  ["Who signed the NDA?", "Some new dogs arrived.", false, []],
  ["Who leads the BMF?", "Bundesministerium der Finanzen", true, []],
  ["Who works in IT?", "In Time", true, []],
  ["WHO SIGNED THE NDA?", "Mutual non-disclosure agreement", true, []],
] as const)("%s beside: %s", (question, text, isTitle, stems) => {
  expect(findSpeltOut(findAcronyms(question), toWords(text), { isTitle })).toEqual(stems);
});
