import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createSecretGuard } from "../../src/grounding/write/secret-guard.ts";

const SECRET = "fence7Q2xK";

test("of a secret with signs strewn in nothing is shown, however the text is cut", () => {
  const gap = fc.array(fc.constantFrom("😀", " ", "-", "*", "é"), { maxLength: 8 });
  fc.assert(
    fc.property(
      fc.array(gap, { minLength: SECRET.length, maxLength: SECRET.length }),
      fc.array(fc.nat(120)),
      fc.boolean(),
      (gaps, cuts, upper) => {
        const strewn = Array.from(SECRET, (sign, at) => sign + (gaps[at] ?? []).join("")).join("");
        const text = `Before it: ${upper ? strewn.toUpperCase() : strewn} and after`;
        const guard = createSecretGuard([SECRET]);
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((place, at) => text.slice(places[at], place));
        const shown = pieces.map((piece) => guard.push(piece)).join("") + guard.end();
        expect(shown).toBe("Before it: ");
        expect(guard.hasLeaked).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test("what only begins like a secret is shown as it is, at the end at the latest", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("fence", "7Q", "fen", " ", "😀", "x")), (pieces) => {
      const guard = createSecretGuard([SECRET]);
      const shown = pieces.map((piece) => guard.push(piece)).join("") + guard.end();
      expect(shown).toBe(pieces.join(""));
      expect(guard.hasLeaked).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["whole", `The answer is:\n<${SECRET}>`, "The answer is:\n", true],
  ["whole, at the end of a part", `It is so.</${SECRET}>`, "It is so.", true],
  ["cut off at the token limit", "It is so.\n</fence7Q2", "It is so.\n", true],
  ["cut off after too little to tell", "It is so <fence7Q", "It is so <fence7Q", false],
  ["not at all", "if a < b </b> <", "if a < b </b> <", false],
] as const)(
  "a fence with its brackets, %s: no bracket is left over",
  (_, text, shown, hasLeaked) => {
    for (const pieces of [[text], Array.from(text)]) {
      const guard = createSecretGuard([SECRET]);
      expect(pieces.map((piece) => guard.push(piece)).join("") + guard.end()).toBe(shown);
      expect(guard.hasLeaked).toBe(hasLeaked);
    }
  },
);
