/** Finds citation markers in text that arrives in pieces; markers that point nowhere never come out. */

export interface CitationParser {
  /**
   * Takes the next piece and gives what may be shown now, each marker as `[1][2]`. Text that may still
   * turn out to be part of a marker is held back.
   */
  push(piece: string): string;
  /** No more pieces: gives out what is still held back. */
  end(): string;
}

/**
 * `[1]`, `[1, 2]`, `[1-3]`, `[^1]`, `【1】`, `【1†source】`, with the blanks before it; `(1)` is no marker,
 * because lists and formulas are full of it. Open brackets before the last one belong to the marker, so
 * that taking out `[9]` can never make a marker of what was around it: `[[9]7]`. Every repetition is
 * bounded: a text of nothing but blanks or brackets takes linear time, and what a cut text may hold
 * back is exactly what a whole one would match.
 */
const MARKER = /[ \t]{0,8}[[【]([[【^\d\s,;–-]{0,128})(?:†[^[\]【】\n]{0,64})?[\]】]/gu;
/** The end of a text that may become a marker, or the first half of a character. */
const UNFINISHED =
  /[ \t]{1,8}$|[ \t]{0,8}[[【][[【^\d\s,;–-]{0,128}(?:†[^[\]【】\n]{0,64})?$|[\ud800-\udbff]$/u;
const PLAIN = /^[^[\]【】]*[^[\]【】\s\ud800-\udfff]$/;
const RANGE_LABELS_MAX = 20;

/** Creates a parser that lets the labels pass which `hasLabel` knows at that moment. */
export function createCitationParser(hasLabel: (label: number) => boolean): CitationParser {
  let held = "";

  const release = (text: string): string => {
    let out = "";
    let last = 0;
    for (const match of text.matchAll(MARKER)) {
      const body = match[1] ?? "";
      const open = Math.max(body.lastIndexOf("["), body.lastIndexOf("【")) + 1;
      const named = toLabels(body.slice(open));
      if (named.length === 0) continue; // `[ ]` and `[0-9]` are no markers
      const labels = [...new Set(named)].filter(hasLabel);
      out += text.slice(last, match.index);
      last = match.index + match[0].length;
      if (labels.length === 0) continue;
      const before = /^[ \t]*/.exec(match[0])?.[0].length ?? 0;
      out += match[0].slice(0, before + open);
      out += labels.map((label) => `[${label}]`).join("");
    }
    return out + text.slice(last);
  };

  return {
    push(piece) {
      if (held === "" && PLAIN.test(piece)) return piece;
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

/** The labels a list names. Empty when it is no list of labels. */
function toLabels(list: string): readonly number[] {
  const labels: number[] = [];
  for (const [, from = "", , to] of list.matchAll(/(\d+)(\s*[-–]\s*(\d+))?/gu)) {
    const [first, last] = [Number(from), Number(to ?? from)];
    if (to !== undefined && (first < 1 || last < first)) return [];
    for (let label = first; label <= Math.min(last, first + RANGE_LABELS_MAX); label += 1) {
      labels.push(label);
    }
  }
  return /^[\s,;^]*[-–]|[-–][\s,;^]*$/u.test(list) ? [] : labels;
}
