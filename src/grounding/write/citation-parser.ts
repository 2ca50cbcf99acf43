/** Finds citation markers in text that arrives in pieces; markers that point nowhere never come out. */
import { createCodeParts, type Part } from "./code-parts.ts";
import { canBeLabels, isLiteralBehind, readLead } from "./literal-brackets.ts";

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
const RANGE_LABELS_MAX = 20;
/** Behind these a number in brackets is a footnote's mark, as in `a word[12], a sentence.[13]` */
const NOTED = /[\p{L}\p{N}\p{P}]$/u;
const WORD_END = /[\p{L}\p{N}_)\]]$/u;
/** `rows[1].name`, `rows[1](x)`, `rows[1] = 2`: what follows an index and no footnote's mark. */
const AFTER_INDEX = /(?:[\p{L}\p{N}_(]|\.\p{L}|[ ]?=)/uy;

/**
 * Creates a parser that lets the labels pass which `hasLabel` knows at that moment. Brackets that can be no
 * citation stay as they are, and with `verbatimCode` those in code too.
 */
export function createCitationParser(
  hasLabel: (label: number) => boolean,
  { verbatimCode = true }: { readonly verbatimCode?: boolean } = {},
): CitationParser {
  return createParser({ hasLabel, isLiteral: () => false, verbatimCode });
}

/**
 * A document's sentence without its own notes such as `[12]`, which are none of our labels. Code, intervals
 * and lists stay.
 */
export function dropNotes(sentence: string): string {
  const parser = createParser({
    hasLabel: () => false,
    verbatimCode: true,
    isLiteral: ({ text, start, end, numbers, written }) => {
      if (numbers[0] === 0) return true; // no note is called so
      const lead = text.slice(0, start);
      AFTER_INDEX.lastIndex = end;
      if (WORD_END.test(lead) && AFTER_INDEX.test(text)) return true;
      return written > 1 && !NOTED.test(lead);
    },
  });
  return parser.push(sentence) + parser.end();
}

/** A bracket in its text, without the blanks before it. */
interface Bracket {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Open brackets and what stands in them, before the numbers' own. */
  readonly open: number;
  /** What it names, each of a range; empty when it is no list of labels. */
  readonly numbers: readonly number[];
  /** So many numbers are written in it. */
  readonly written: number;
}

function readBracket(text: string, match: RegExpExecArray): Bracket {
  const body = match[1] ?? "";
  const open = Math.max(body.lastIndexOf("["), body.lastIndexOf("【")) + 1;
  const list = body.slice(open);
  const written = list.match(/\d+/g)?.length ?? 0;
  const isNested = body.startsWith("[") && open === 1 && written > 1; // `[[1, 2], [3, 4]]`
  const start = match.index + (/^[ \t]*/.exec(match[0])?.[0].length ?? 0);
  const end = match.index + match[0].length;
  return { text, start, end, open, written, numbers: isNested ? [] : toLabels(list) };
}

function createParser({
  hasLabel,
  isLiteral,
  verbatimCode,
}: {
  readonly hasLabel: (label: number) => boolean;
  readonly verbatimCode: boolean;
  readonly isLiteral: (bracket: Bracket) => boolean;
}): CitationParser {
  const code = createCodeParts();
  let held = "";
  let before = "";

  const release = (text: string): string => {
    let out = "";
    let last = 0;
    for (const match of text.matchAll(MARKER)) {
      const bracket = readBracket(text, match);
      const { numbers, start, open } = bracket;
      const lead = readLead(before, text, start);
      if (numbers.length === 0 || !canBeLabels(numbers, lead, hasLabel)) continue; // `[0-9]`, `[2019]`
      if (isLiteralBehind(lead) || isLiteral(bracket)) continue;
      const labels = [...new Set(numbers)].filter(hasLabel);
      out += text.slice(last, match.index);
      last = match.index + match[0].length;
      if (labels.length === 0) continue;
      out += text.slice(match.index, start + open);
      out += labels.map((label) => `[${label}]`).join("");
    }
    before = readLead(before, text);
    return out + text.slice(last);
  };

  const finish = (): string => {
    const text = held;
    held = "";
    return release(text);
  };

  const take = ({ text: fresh, isCode }: Part): string => {
    if (isCode) {
      const shown = finish() + fresh;
      before = readLead(before, fresh);
      return shown;
    }
    const text = held + fresh;
    const tail = UNFINISHED.exec(text);
    held = tail === null ? "" : text.slice(tail.index);
    return release(tail === null ? text : text.slice(0, tail.index));
  };

  return {
    push: (piece) =>
      verbatimCode ? code.push(piece).map(take).join("") : take({ text: piece, isCode: false }),
    end: () => code.end().map(take).join("") + finish(),
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
