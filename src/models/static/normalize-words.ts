/** Text as WordPiece wants it before it is split: clean, without accents, in lower case. */

const PLAIN_ASCII = /^[\t\n\r\x20-\x7e]*$/u;
/** Control, format, private and lone surrogate characters, and the mark of a lost character. */
const DISCARDED = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/gu;
const KEPT_CONTROLS = /[\t\n\r]/gu;
/** The blocks that BERT takes for ideographs: each of them is a word of its own. */
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const ACCENT = /\p{Mn}/gu;
const BLANK = /\p{White_Space}+/gu;
const PUNCTUATION_BEYOND_ASCII = /(?![ -~])\p{P}/gu;

/**
 * `text` with control characters dropped, accents stripped (canonical decomposition without its
 * nonspacing marks), letters in lower case, and blanks around ideographs and around punctuation
 * outside ASCII. What is left to split at are ASCII blanks and ASCII punctuation.
 */
export function normalizeWords(text: string): string {
  // Most text is plain ASCII, and for that the long way changes nothing but the case.
  if (PLAIN_ASCII.test(text)) return text.toLowerCase();
  return (
    text
      .replace(KEPT_CONTROLS, " ")
      .replace(DISCARDED, "")
      .replace(IDEOGRAPH, " $& ")
      .normalize("NFD")
      .replace(ACCENT, "")
      // The reference lowers each character by itself and so knows no final sigma.
      .replaceAll("Σ", "σ")
      .toLowerCase()
      .replace(BLANK, " ")
      .replace(PUNCTUATION_BEYOND_ASCII, " $& ")
  );
}
