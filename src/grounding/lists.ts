/** Lists with what leads in to them: quoted as a whole, because an item alone does not say what it is one of. */
import { HEADING } from "../text/line-forms.ts";
import { toWords, type Word } from "../text/words.ts";
import type { Candidate } from "./sentence-features.ts";

const ITEM = /^(?:[-*+•‣◦]|\(?(?:\p{Nd}{1,3}|[A-Za-z])[.)])\s+\S/u;
const LEAD_IN = /[:：]\s*$/u;
const BLANK_LINE = /\n[^\S\n]*\n/u;
const ITEMS_MIN = 2;

/**
 * A candidate for each list of the passage: with the sentence that ends in a colon right above it, or, right below
 * its heading, alone. `all`: every sentence of the passage, in order.
 */
export function findLists(all: readonly Candidate[]): readonly Candidate[] {
  const lists: Candidate[] = [];
  for (let at = 0; at < all.length;) {
    const end = findEnd(all, at);
    const items = all.slice(at, end);
    if (items.filter(isItem).length >= ITEMS_MIN) {
      const list = toList(all[at - 1], items);
      if (list !== undefined) lists.push(list);
    }
    at = Math.max(end, at + 1);
  }
  return lists;
}

/** Where the list that begins at this sentence ends; `at` where none does. */
function findEnd(all: readonly Candidate[], at: number): number {
  let end = at;
  while (end < all.length) {
    const [one, before] = [all[end], all[end - 1]];
    if (one === undefined) break;
    if (!isItem(one) && (end === at || !goesOn(before, one))) break;
    end += 1;
  }
  return end;
}

function isItem({ passage, text, start }: Candidate): boolean {
  const line =
    passage.text
      .slice(0, start - passage.start)
      .split("\n")
      .at(-1) ?? "";
  return ITEM.test(text) && line.trim() === "";
}

/** Does the sentence belong to the item before it? */
function goesOn(before: Candidate | undefined, one: Candidate): boolean {
  if (before === undefined || /^(?:#{1,6}\s|\||[-=*_]{3,}\s*$)/u.test(one.text)) return false;
  return !BLANK_LINE.test(between(before, one));
}

function between(before: Candidate, after: Candidate): string {
  const { text, start } = before.passage;
  return text.slice(before.end - start, after.start - start);
}

const NEXT_ITEM = /\n[^\S\n]*(?:[-*+•‣◦]|\(?(?:\p{Nd}{1,3}|[A-Za-z])[.)])\s|\n[^\S\n]*\|/u;

/** Of how many items, or rows, of one list these sentences are: an item may have several. */
export function countItems(sentences: readonly Candidate[]): number {
  const inOrder = sentences.toSorted((a, b) => a.start - b.start);
  return inOrder.filter((one, at) => {
    const before = inOrder[at - 1];
    if (before === undefined) return true;
    const { text, start } = one.passage;
    return NEXT_ITEM.test(text.slice(before.start - start, one.end - start));
  }).length;
}

function toList(above: Candidate | undefined, items: readonly Candidate[]): Candidate | undefined {
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const lead = toLead(above, first);
  if (lead === undefined) return undefined;
  const { passage, section } = first;
  const { start, position } = lead.quoted ?? first;
  const text = passage.text.slice(start - passage.start, last.end - passage.start);
  const place = { passage, section, position, start, end: last.end };
  return { ...place, text, words: toWords(text), lead: lead.words };
}

interface Lead {
  readonly words: readonly Word[];
  /** The sentence that belongs to the quotation. */
  readonly quoted?: Candidate;
}

/** What leads in to what begins with `first`: the heading or the sentence with a colon right above it. */
export function toLead(
  above: Candidate | undefined,
  { passage, start }: Candidate,
): Lead | undefined {
  if (above === undefined) {
    const heading = passage.location.headings.at(-1) ?? passage.title;
    const isFirst = passage.text.slice(0, start - passage.start).trim() === "";
    return isFirst && heading !== "" ? { words: toWords(heading) } : undefined;
  }
  if (HEADING.test(above.text)) return { words: above.words };
  return LEAD_IN.test(above.text) ? { words: above.words, quoted: above } : undefined;
}
