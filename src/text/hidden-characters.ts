/** Takes out what no reader sees: controls, zero-width and bidirectional marks, tag characters, piled-up selectors. */

/** Dropped wherever they stand: what is ignored when text is set, tags and their like included, and controls. */
const HIDDEN =
  /[\p{Default_Ignorable_Code_Point}--[\p{Join_Control}\p{Variation_Selector}]]|[\p{Cc}--[\n\t]]|[\u180b-\u180f\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gv;
/** Joiners and selectors mean something behind a character of a script or an emoji that uses them, once. */
const JOINER = /[\p{Join_Control}\p{Variation_Selector}]/u;
const JOINERS = /(?<=(^|[^]))[\p{Join_Control}\p{Variation_Selector}]+/gu;
const ONE = /^(?:\ufe0f\u200d|[^])/u;
const ANY = /[^\n\t\x20-\x7e]/;

export interface HiddenFilter {
  /** Takes the next piece and gives what can be seen of it. Nothing that shows is held back but half a character. */
  push(piece: string): string;
}

/** Text without hidden characters; what is shown looks as before. */
export function stripHidden(text: string): string {
  return ANY.test(text) ? strip(text, "") : text;
}

/** The same for text that arrives in pieces, at whatever place they are cut. */
export function createHiddenFilter(): HiddenFilter {
  let last = "";
  let held = "";
  return {
    push(piece) {
      const text = held + piece;
      held = /[\ud800-\udbff]$/.exec(text)?.[0] ?? "";
      const whole = held === "" ? text : text.slice(0, -1);
      const shown = ANY.test(whole) ? strip(whole, last) : whole;
      last = shown.at(-1) ?? last;
      return shown;
    },
  };
}

/** `before` is the character that was given out last. */
function strip(text: string, before: string): string {
  const visible = before + text.replaceAll(HIDDEN, "");
  const joined = visible.replaceAll(JOINERS, (run: string, previous: string) =>
    previous > "\u02af" && !JOINER.test(previous) ? (ONE.exec(run)?.[0] ?? "") : "",
  );
  return joined.slice(before.length);
}
