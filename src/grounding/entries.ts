/**
 * Entries of lists, `- term: what it means`, and of manual pages, where a term has a line and its meaning stands further in
 * below: what follows in one stands under its term, as under a heading.
 */
import { toPlainText } from "../text/plain-text.ts";
import type { Span } from "../text/sentences.ts";

const ENTRY = /^(?:[-*+•‣◦]|\p{N}{1,3}[.)])\s+([^:：]{1,60})[:：]\s+(\S.*)$/u;
/** Begins another one, however far it stands to the right. */
const ITEM = /^(?:[-*+•‣◦|]|\p{N}{1,3}[.)])\s/u;
/** Between sentences of one: blanks, or a line's end and what the next one is indented by. */
const SAME_ENTRY = /^[^\S\n]+$|\n[^\S\n]+$/u;
/** `max_connections (integer)`: what kind of value it takes is no part of a term. */
const KIND = /(?<=\S)\s+\(\p{Ll}+\)$/u;
const BLANK = /[^\S\n]/u;
/** So much further in than its term stands what one means, in characters. */
const HANGING_MIN = 2;
const TERM_CHARS_MAX = 80;

export interface Entry {
  readonly term: string;
  readonly meaning: string;
}

/** Reads the first sentence of an entry, without emphasis; undefined where it is none. */
export function readEntry(sentence: string): Entry | undefined {
  const [, term, meaning] = ENTRY.exec(sentence) ?? [];
  return term === undefined || meaning === undefined ? undefined : { term, meaning };
}

/**
 * The headings above each sentence, and the term of the entry that it goes on with; one array for all that go on with
 * one. The sentence that has the term itself stands under the headings alone.
 */
export function addEntries(
  text: string,
  sentences: readonly Span[],
  sections: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const indents = sentences.map(({ start }) => readIndent(text, start));
  let entry: Open | undefined;
  return sentences.map(({ start, end }, at) => {
    const said = text.slice(start, end);
    const section = sections[at] ?? [];
    const indent = indents[at];
    const gap = text.slice(sentences[at - 1]?.end ?? 0, start);
    if (entry !== undefined && isOver(entry, { said, gap, indent })) entry = undefined;
    const next = indents[at + 1] ?? 0;
    if (indent !== undefined && isHanging(said, text.slice(end), next - indent)) {
      entry = { place: [...section, said], indent };
      return section;
    }
    const place = entry?.place ?? section;
    const term = readEntry(toPlainText(said))?.term;
    if (term !== undefined) {
      entry = { place: [...section, term.replace(KIND, "")], indent: undefined };
    }
    return place;
  });
}

interface Open {
  readonly place: readonly string[];
  /** How far in its term stands, where that has a line of its own. */
  readonly indent: number | undefined;
}

/** Does an entry end before this sentence? */
function isOver(
  entry: Open,
  {
    said,
    gap,
    indent,
  }: { readonly said: string; readonly gap: string; readonly indent?: number | undefined },
): boolean {
  if (entry.indent === undefined) return ITEM.test(said) || !SAME_ENTRY.test(gap);
  return indent !== undefined && indent <= entry.indent;
}

/** How far in a line stands that begins at `start`; undefined where none begins there. */
function readIndent(text: string, start: number): number | undefined {
  let at = start;
  while (at > 0 && BLANK.test(text.charAt(at - 1))) at -= 1;
  return at === 0 || text[at - 1] === "\n" ? start - at : undefined;
}

/** Is it a term alone on its line, whose meaning stands further in on the next one? */
function isHanging(said: string, below: string, further: number): boolean {
  return (
    further >= HANGING_MIN &&
    said.length <= TERM_CHARS_MAX &&
    !/[.:;!?\n]$|^[#|>]/u.test(said) &&
    /^[^\S\n]*\n[^\S\n]*\S/u.test(below)
  );
}
