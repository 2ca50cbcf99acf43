/** Text as it is read aloud: Markdown's emphasis and the width of a page are no part of what it says. */

/** Not the sign between two numbers, nor the mark of a list's entry. */
const EMPHASIS =
  /`+|(?<!\d)\*+(?=\S)|(?<=\S)\*+(?!\d)|(?<![\p{L}\p{N}_])_+(?=\S)|(?<=[^\s_])_+(?![\p{L}\p{N}_])/gu;
/** Two numbers with more than a blank between them are not one. */
const BLANKS = /(?<!\d)\s+|\s+(?!\d)/gu;

/** `at most **12** characters` as `at most 12 characters`. */
export function withoutEmphasis(text: string): string {
  return text.replaceAll(EMPHASIS, "");
}

/** One sentence without emphasis, on one line, with single blanks. */
export function toPlainText(sentence: string): string {
  return withoutEmphasis(sentence).replaceAll(BLANKS, " ");
}
