import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createHiddenFilter, stripHidden } from "../../src/text/hidden-characters.ts";

const cases: readonly (readonly [what: string, text: string, shown: string])[] = [
  ["zero-width blanks", "a\u200bb\ufeffc\u2060d", "abcd"],
  ["bidirectional marks", "\u202eabc\u2066d\u200f", "abcd"],
  ["tag characters", "a\u{e0041}\u{e007f}b", "ab"],
  ["piled-up selectors", "😀\ufe0f\ufe01\ufe02\ufe03!", "😀\ufe0f!"],
  ["selectors behind plain letters", "a\ufe01\u{e0101}b", "ab"],
  ["joiners between plain letters", "a\u200db\u200cc", "abc"],
  ["controls", "a\0b\u001bc\u0085\r\nd\te", "abc\nd\te"],
  ["no joiner of an emoji", "👩\u200d💻 ❤\ufe0f\u200d🔥", "👩\u200d💻 ❤\ufe0f\u200d🔥"],
  ["no joiner of a script", "می\u200cخواهم", "می\u200cخواهم"],
  ["nothing that shows", "Größe 队列 ½ é e\u0301", "Größe 队列 ½ é e\u0301"],
];
test.each(cases)("takes out %s", (_, text, shown) => {
  expect(stripHidden(text)).toBe(shown);
});

test("however the text is cut, the same comes out", () => {
  const text = fc.array(fc.constantFrom(...cases.flatMap(([, one]) => Array.from(one))));
  fc.assert(
    fc.property(text, (characters) => {
      const whole = characters.join("");
      const filter = createHiddenFilter();
      expect(
        whole
          .split("")
          .map((unit) => filter.push(unit))
          .join(""),
      ).toBe(stripHidden(whole));
    }),
  );
});

test("a flood of joiners is read in linear time", () => {
  const filter = createHiddenFilter();
  expect(filter.push(`म${"\u200d".repeat(2 ** 19)}`)).toBe("म\u200d");
  expect(filter.push("\u200d".repeat(2 ** 19))).toBe("");
});
