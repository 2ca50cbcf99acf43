import { expect, test } from "vitest";
import { toQuestionWords } from "../../src/text/question-words.ts";

test.each([
  ["Wie viele Urlaubstage habe ich?", "Urlaubstage"],
  ["Wie lange ist die Garantie der Bohrmaschine?", "lange Garantie Bohrmaschine"],
  ["Combien de jours de congés par an ?", "jours congés"],
  ["¿Cuántos días de vacaciones hay en la empresa?", "días vacaciones hay empresa"],
  ["Did the man comment on the die?", "man comment die"],
  ["List all hotel limits", "hotel limits"],
  ["Which list is sorted?", "list sorted"],
  ["How long does the battery last?", "long battery"],
  ["What was the last answer?", "last answer"],
])("the words of meaning of %s", (question, words) => {
  const left = toQuestionWords(question).map(({ surface }) => surface);
  expect(left.join(" ")).toBe(words);
});
