/**
 * Characters nobody sees but a model reads: zero-width, bidirectional controls, Unicode tags, variation selectors
 * of the supplement. ZWJ and ZWNJ stay: emoji, Persian and Indic spelling need them.
 */
const HIDDEN =
  /[\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB]|\uDB40[\uDC00-\uDDEF]/g;
/** Controls other than white space stand for glyphs that no font of a PDF names, and steer terminals; the soft hyphen shows at line ends only. */
const CONTROLS_AND_SOFT_HYPHEN = /(?!\s)[\p{Cc}\xAD]/gu;

/** What colours a log on a terminal. */
const COLOURS = /(?!\s)\p{Cc}\[[\d;?]*[@-~]/gu;

/** For text formats: each code unit of a hidden character becomes a space, so that every offset still holds. */
export function blankHidden(text: string): string {
  const blank = (hidden: string): string => " ".repeat(hidden.length);
  return text.replace(HIDDEN, blank).replace(COLOURS, blank);
}

/** For formats that are converted anyway: hidden characters, soft hyphens and controls go. */
export function stripHidden(text: string): string {
  return text.replace(HIDDEN, "").replace(COLOURS, "").replace(CONTROLS_AND_SOFT_HYPHEN, "");
}

/** One line for a title or heading: visible characters, single spaces, at most `charsMax`. */
export function toTitle(text: string, charsMax: number): string {
  const line = stripHidden(text.slice(0, charsMax * 4))
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1).trimEnd()}…`;
}
