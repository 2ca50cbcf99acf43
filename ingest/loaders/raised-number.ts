/** Raised numbers: powers, and the marks of notes. */

/** `6`, `−6`, `0.5`, and the notes `3,4` and `2–4`. */
const NUMBERS = /^\s*[-+\u2212]?\d+(?:\s*[.,\u2013-]\s*\d+)*\s*$/;

/** Would this raised text be taken for digits of the number before it? 10 to the 6th is not 106. */
export function isPower(raised: string, before: string): boolean {
  return /\d$/.test(before) && NUMBERS.test(raised);
}
