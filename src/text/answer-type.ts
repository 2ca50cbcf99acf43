/** What kind of thing a question asks for, and whether a text holds one. Reads question words, nothing deeper. */
import type { Word } from "./words.ts";

export type AnswerType = "person" | "place" | "time" | "condition" | "number" | "other";

const TYPES: readonly (readonly [AnswerType, RegExp])[] = [
  ["condition", /\bwhen (?:do|does|should|must|can|may)\b/iu],
  [
    "time",
    /\b(when|what (year|date|day|month|century|decade|time)|which (year|century|decade)|how long|cuándo)\b|什么时候|哪一年|何时/iu,
  ],
  [
    "number",
    /\b(how (many|much|often|far|tall|old|large|big|high|fast)|what (percentage|percent|number|amount|population)|cuánt[oa]s?)\b|多少|几/iu,
  ],
  [
    "person",
    /\b(who|whom|whose|which (person|president|king|queen|author|artist|scientist)|quién(es)?)\b|谁/iu,
  ],
  [
    "place",
    /\b(where|what (city|country|state|place|region|continent)|which (city|country|state|place|region)|dónde)\b|哪里|哪个国家|哪个城市/iu,
  ],
];

/** What kind of thing the question asks for, by its question words. */
export function toAnswerType(question: string): AnswerType {
  return TYPES.find(([, pattern]) => pattern.test(question))?.[0] ?? "other";
}

const NUMBER =
  /\p{N}|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half|percent|once|twice)\b/iu;
const TIME =
  /\b(1\d{3}|20\d{2})\b|\b(january|february|march|april|may|june|july|august|september|october|november|december|century|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b|年|月|世纪|\b\d{1,2}:\d{2}\b|\b\d+\s*(s|ms|seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b/iu;

/** "When does it open?" asks for an hour, or for what makes it open. */
const CONDITION = /\b(?:when|whenever|if|once|as soon as|until|unless)\b/iu;

/**
 * Does the text hold something of the asked kind? Names count only when the question does not name
 * them itself; `asked` is anything that knows the question's stems.
 */
export function holdsAnswerType(
  type: AnswerType,
  { text, words }: { readonly text: string; readonly words: readonly Word[] },
  asked: { has(stem: string): boolean },
): boolean {
  switch (type) {
    case "time":
      return TIME.test(text);
    case "condition":
      return TIME.test(text) || CONDITION.test(text);
    case "number":
      return NUMBER.test(text);
    case "person":
    case "place":
      return words.some(
        ({ surface, stem }, index) => index > 0 && /^\p{Lu}/u.test(surface) && !asked.has(stem),
      );
    case "other":
      return false;
    default:
      return type satisfies never;
  }
}
