/** Cuts a text into sentences with exact offsets. */
import { isAbbreviation } from "./abbreviations.ts";

/** `text.slice(start, end)`; UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The sentences of a text in order, without blanks around them: every character that is not blank is
 * in exactly one.
 *
 * Blank lines, list items, headings, table rows and fenced code lines end a sentence; a line break
 * that merely wraps a paragraph does not. Within a paragraph it ends at a sentence terminator of any
 * script (Unicode property Sentence_Terminal), not after abbreviations, initials and numbers in order, and never inside
 * URLs, numbers, file names.
 *
 * Written out rather than left to Intl.Segmenter: that one ends a sentence at every wrapped line and
 * after "Dr.", takes four times as long, and its answers differ between runtimes.
 */
export function splitSentences(text: string): readonly Span[] {
  const sentences: Span[] = [];
  for (const { start, end } of splitParagraphs(text)) {
    splitParagraph(text.slice(start, end), start, sentences);
  }
  return sentences;
}

const LINE = /[^\n\r\f\u2028\u2029]*(?:\r\n|[\n\r\f\u2028\u2029]|$)/y;
const FENCE = /^\s*(?:```|~~~)/;
/** A list item, a heading, a table row, a rule. */
const OWN_LINE = /^\s*(?:[-*+•‣◦–—]\s|\(?(?:\d{1,4}|[A-Za-z])[.)]\s|#{1,6}\s|\||[-=*_]{3,}\s*$)/;
/** After these a new sentence begins whatever follows. */
const COMPLETE_LINE = /^\s*(?:#{1,6}\s|\||[-=*_]{3,}\s*$)/;
const QUOTE_MARK = /^\s*>\s?/;
const BLANK_LINE = /^[\s>]*$/;
const WIDE = /[\u2e80-\uffef]/;
/** A shorter line was ended by its writer, not by the width of the page. */
const WRAPPED_CHARS_MIN = 40;

/** A name at the end of a line that goes on in the next one: "by Bishop" and "Anselm in 1412". */
const NAME_BROKEN =
  /\s(?:by|from|with|to|and|of|was|is|von|mit|bei|und|war|ist|par|avec|et|était|est|por|con|y|era|es)\s+\p{Lu}\p{Ll}+\s*$/u;
const NAME_GOES_ON =
  /^(?!(?:The|This|These|That|An?|It|If|In|On|At|We|You|He|She|They|Der|Die|Das|Eine?|Im|Le|La|Les|Une?|El|Los|Las)\s)\p{Lu}\p{Ll}*,?\s+\p{Ll}/u;

/** Runs of lines that belong to one paragraph; a line of structure is a run of its own. */
function* splitParagraphs(text: string): Generator<Span> {
  let start = 0;
  let previous: string | undefined;
  let inFence = false;
  LINE.lastIndex = 0;
  for (let at = 0; at < text.length;) {
    LINE.lastIndex = at;
    const line = LINE.exec(text)?.[0] ?? "";
    const isFence = FENCE.test(line);
    const joins = !inFence && !isFence && previous !== undefined && continues(previous, line);
    if (!joins && at > start) {
      yield { start, end: at };
      start = at;
    }
    if (isFence) inFence = !inFence;
    previous = isFence || inFence ? undefined : line;
    at += line.length;
  }
  if (start < text.length) yield { start, end: text.length };
}

/** Does the next line carry the paragraph of this one on? */
function continues(line: string, next: string): boolean {
  if (BLANK_LINE.test(line) || BLANK_LINE.test(next)) return false;
  if (COMPLETE_LINE.test(line) || OWN_LINE.test(next)) return false;
  const beginning = next.replace(QUOTE_MARK, "").trimStart();
  if (/^\p{Ll}/u.test(beginning)) return true;
  if (NAME_BROKEN.test(line) && NAME_GOES_ON.test(beginning)) return true;
  const width = line.trim().length * (WIDE.test(line) ? 2 : 1);
  return width >= WRAPPED_CHARS_MIN;
}

/** A terminator with those that follow it and the quotes and brackets that it closes. */
const TERMINATOR = /(?:\p{STerm}|…)(?:\p{STerm}|[…"'”’»)\]}*_`」』）】》〉])*/gu;
const BLANKS = /\s*/y;
const NEXT_LOWER = /[\s"'“‘«([{*_`]*\p{Ll}/uy;

function splitParagraph(paragraph: string, offset: number, sentences: Span[]): void {
  let start = skipBlanks(paragraph, 0);
  // The cells of a row say together what they say, whatever one of them ends with.
  const terminators = paragraph[start] === "|" ? [] : paragraph.matchAll(TERMINATOR);
  for (const match of terminators) {
    const end = match.index + match[0].length;
    if (match.index < start || !endsSentence(paragraph, start, match.index, end)) continue;
    sentences.push({ start: offset + start, end: offset + end });
    start = skipBlanks(paragraph, end);
  }
  const end = paragraph.trimEnd().length;
  if (end > start) sentences.push({ start: offset + start, end: offset + end });
}

function skipBlanks(text: string, at: number): number {
  BLANKS.lastIndex = at;
  BLANKS.exec(text);
  return BLANKS.lastIndex;
}

/** Is the terminator at `at`, with what it closes up to `end`, the end of the sentence begun at `start`? */
function endsSentence(text: string, start: number, at: number, end: number): boolean {
  if (end >= text.length) return true;
  const mark = text[at] ?? "";
  if (mark > "\u02af" && mark !== "…") return true; // scripts whose terminators have no other use
  const next = text[end] ?? "";
  if (!/\s/.test(next)) return WIDE.test(next) && (mark !== "." || WIDE.test(text[at - 1] ?? ""));
  if (matchesAt(NEXT_LOWER, text, end)) return false;
  return mark !== "." || end > at + 1 || !isAbbreviation(text, start, at);
}

function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}
