/** Takes out what no reader sees: controls, zero-width and bidirectional marks, tag characters, piled-up selectors. */

/** Dropped wherever they stand. Plane 14 holds tags and selectors that can carry a whole hidden text. */
const HIDDEN =
  /[\0-\b\v-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udfff]?/g;
/** Joiners and selectors mean something behind a character of a script or an emoji that uses them, once. */
const JOINER = /[\u200c\u200d\ufe00-\ufe0f]/;
const JOINERS = /(?<=(^|[^]))[\u200c\u200d\ufe00-\ufe0f]+/g;
const ANY = /[\0-\b\v-\x1f\x7f-\x9f\xad\u034f-\uffff]/;

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
    previous > "\u02af" && !JOINER.test(previous) ? (run[0] ?? "") : "",
  );
  return joined.slice(before.length);
}
