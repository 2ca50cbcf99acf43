/** Questions as terms where LanceDB's own analysis cannot run: the same terms for English, and for languages without stems. */
import { AppError } from "../../errors.ts";
import { toEnglishStem } from "../../text/english-stem.ts";
import type { Analyse } from "./rest-snapshot.ts";
import { splitWords, STOPPED } from "./split-words.ts";

const MARKS = /\p{M}+/gu;
const LATIN = /\p{Script=Latin}\p{M}*/gu;
/** Raised, lowered, circled and full-width digits. */
const DIGIT = /[\p{No}\uFF10-\uFF19]/gu;
/** Letters that are not one with a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};
/** Longer words are not indexed; counted in bytes of UTF-8. */
const WORD_BYTES_MAX = 40;

/** Throws AppError unsupported_option for another language. */
export const edgeAnalyse: Analyse = async (text, { language, tokenizer }) => {
  if (language !== "english" && language !== "none") {
    throw new AppError("unsupported_option", {
      detail: `a Worker has no stems of ${language}, so that this collection of LANCE_URL is searched by vectors only; Node has them`,
    });
  }
  const isEnglish = language === "english";
  const terms = new Set<string>();
  for (const word of splitWords(text, tokenizer)) {
    if (new TextEncoder().encode(word).length >= WORD_BYTES_MAX) continue;
    const lower = word.toLowerCase();
    const term = isEnglish ? toEnglishStem(lower) : lower;
    // As LanceDB does it, stems and not words: of `lead-ins` it keeps `lead`.
    if (isEnglish && STOPPED.has(term)) continue;
    terms.add(fold(term));
  }
  return terms;
};

/** Latin letters alone: marks of other scripts make other letters. */
function fold(word: string): string {
  return word
    .replace(LATIN, (letter) => LETTERS[letter] ?? letter.normalize("NFKD").replace(MARKS, ""))
    .replace(DIGIT, (digit) => {
      const plain = digit.normalize("NFKD");
      return /^\d+$/.test(plain) ? plain : digit;
    });
}
