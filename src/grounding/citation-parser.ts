/** Finds citation markers in text that arrives in pieces; markers that point nowhere never come out. */

/** A marker that stays in the text, with the labels it names. */
export interface Marker {
  readonly labels: readonly number[];
  /** Offset of its `[` in the text that came out so far. */
  readonly start: number;
}

export interface Parsed {
  /** Text that may be shown now. */
  readonly text: string;
  /** Markers within everything that came out, in order. */
  readonly markers: readonly Marker[];
}

export interface CitationParser {
  /** Takes the next piece. Text that may still turn out to be part of a marker is held back. */
  push(piece: string): Parsed;
  /** No more pieces: gives out what is still held back. */
  end(): Parsed;
}

/**
 * `[1]`, `[1, 2]`, `[^1]`, `【1】`, with the blanks before it. Open brackets before the last one belong to
 * it, so that taking out `[9]` can never make a marker of what was around it: `[[9]7]`. Every repetition
 * is bounded: a text of nothing but blanks or brackets takes linear time, and what a cut text may hold
 * back is exactly what a whole one would match.
 */
const MARKER = /[ \t]{0,8}[[【]([[【^\d\s,;]{0,128})[\]】]/gu;
/** The end of a text that may become a marker, or the first half of a character. */
const UNFINISHED = /[ \t]{1,8}$|[ \t]{0,8}[[【][[【^\d\s,;]{0,128}$|[\ud800-\udbff]$/u;

/** Creates a parser that lets labels 1 to `labelMax` pass. Markers come out as `[1][2]`. */
export function createCitationParser(labelMax: number): CitationParser {
  let held = "";
  let length = 0;

  const release = (text: string): Parsed => {
    const markers: Marker[] = [];
    let out = "";
    let last = 0;
    for (const match of text.matchAll(MARKER)) {
      const body = match[1] ?? "";
      if (!/\d/u.test(body)) continue; // `[ ]` is no marker
      const open = Math.max(body.lastIndexOf("["), body.lastIndexOf("【")) + 1;
      const labels = toLabels(body.slice(open), labelMax);
      out += text.slice(last, match.index);
      last = match.index + match[0].length;
      if (labels.length === 0) continue;
      const before = match[0].length - body.length - 2;
      out += match[0].slice(0, open === 0 ? before : before + open);
      markers.push({ labels, start: length + out.length });
      out += labels.map((label) => `[${label}]`).join("");
    }
    out += text.slice(last);
    length += out.length;
    return { text: out, markers };
  };

  return {
    push(piece) {
      const text = held + piece;
      const tail = UNFINISHED.exec(text);
      held = tail === null ? "" : text.slice(tail.index);
      return release(tail === null ? text : text.slice(0, tail.index));
    },
    end() {
      const text = held;
      held = "";
      return release(text);
    },
  };
}

function toLabels(list: string, labelMax: number): readonly number[] {
  const labels = (list.match(/\d+/gu) ?? []).map(Number);
  return [...new Set(labels)].filter((label) => label >= 1 && label <= labelMax);
}
