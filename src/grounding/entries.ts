/** Entries of lists, `- term: what it means`: what follows in one stands under its term, as under a heading. */
import { toPlainText } from "../text/plain-text.ts";
import type { Span } from "../text/sentences.ts";

const ENTRY = /^(?:[-*+•‣◦]|\p{N}{1,3}[.)])\s+([^:：]{1,60})[:：]\s+(\S.*)$/u;
/** Begins another one, however far it stands to the right. */
const ITEM = /^(?:[-*+•‣◦|]|\p{N}{1,3}[.)])\s/u;
/** Between sentences of one: blanks, or a line's end and what the next one is indented by. */
const SAME_ENTRY = /^[^\S\n]+$|\n[^\S\n]+$/u;
/** `max_connections (integer)`: what kind of value it takes is no part of a term. */
const KIND = /(?<=\S)\s+\(\p{Ll}+\)$/u;

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
  let entry: readonly string[] | undefined;
  return sentences.map(({ start, end }, at) => {
    const said = text.slice(start, end);
    const section = sections[at] ?? [];
    const gap = text.slice(sentences[at - 1]?.end ?? 0, start);
    if (ITEM.test(said) || !SAME_ENTRY.test(gap)) entry = undefined;
    const place = entry ?? section;
    const term = readEntry(toPlainText(said))?.term;
    if (term !== undefined) entry = [...section, term.replace(KIND, "")];
    return place;
  });
}
