/** What no reader sees is taken out, or shown: controls, zero-width and bidirectional marks, tag characters, piled-up selectors. */

/** Dropped wherever they stand: what is ignored when text is set, tags and their like included, and controls. */
const HIDDEN =
  /[\p{Default_Ignorable_Code_Point}--[\p{Join_Control}\p{Variation_Selector}]]|[\p{Cc}--[\n\t]]|[\u180b-\u180f\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gv;
/** Joiners and selectors mean something behind a character of a script or an emoji that uses them, once. */
const JOINER = /[\p{Join_Control}\p{Variation_Selector}]/u;
const JOINERS = /(?<=(^|[^]))[\p{Join_Control}\p{Variation_Selector}]+/gu;
const ONE = /^(?:\ufe0f\u200d|[^])/u;
const CONTEXT_UNITS_MAX = 4;
const ANY = /[^\n\t\x20-\x7e]/;
const toNothing = (): string => "";

export interface HiddenFilter {
  /** Takes the next piece and gives what can be seen of it. Nothing that shows is held back but half a character. */
  push(piece: string): string;
}

/** Text without hidden characters; what is shown looks as before. */
export function stripHidden(text: string): string {
  return replaceHidden(text, toNothing);
}

/** Text with something in place of each hidden character. */
export function replaceHidden(text: string, toShown: (hidden: string) => string): string {
  if (!ANY.test(text)) return text;
  return replaceJoiners(text.replaceAll(HIDDEN, toShown), toShown);
}

/** The same for text that arrives in pieces, at whatever place they are cut. */
export function createHiddenFilter(): HiddenFilter {
  let held = "";
  /** The last character with what of its joiners decides about further ones. */
  let context = "";
  return {
    push(piece) {
      if (held === "" && piece !== "" && !ANY.test(piece)) {
        context = piece.slice(-1);
        return piece;
      }
      const text = held + piece;
      held = /[\ud800-\udbff]$/.exec(text)?.[0] ?? "";
      const visible = (held === "" ? text : text.slice(0, -1)).replaceAll(HIDDEN, "");
      const before = dropJoiners(context).length;
      const shown = dropJoiners(context + visible).slice(before);
      context = readContext(context + visible).slice(0, CONTEXT_UNITS_MAX);
      return shown;
    },
  };
}

/** The last character with the joiners behind it. Walked from the end: a pattern would begin anew at each joiner. */
function readContext(text: string): string {
  let at = text.length;
  while (at > 0) {
    at -= /[\udc00-\udfff]/.test(text[at - 1] ?? "") ? 2 : 1;
    if (!JOINER.test(String.fromCodePoint(text.codePointAt(at) ?? 0))) break;
  }
  return text.slice(Math.max(0, at));
}

function dropJoiners(text: string): string {
  return replaceJoiners(text, toNothing);
}

function replaceJoiners(text: string, toShown: (joiner: string) => string): string {
  if (!JOINER.test(text)) return text;
  return text.replaceAll(JOINERS, (run: string, previous: string) => {
    const kept = previous > "\u02af" ? (ONE.exec(run)?.[0] ?? "") : "";
    return kept + Array.from(run.slice(kept.length), toShown).join("");
  });
}
