/**
 * Who writes one marker behind a paragraph, a list or a table, or in what leads in to it, means all of it: which marker
 * a sentence without one shares. Text alone tells where they end, so the pieces it came in do not matter.
 */
import { ENTRY, HEADING } from "../text/line-forms.ts";
import { withoutMarkers } from "./write/markers.ts";

/** One sentence of an answer, in order. */
export interface Sharing {
  readonly text: string;
  /** What stands between it and the sentence before. */
  readonly gap: string;
  /** Of its own markers. */
  readonly labels: readonly number[];
  readonly isFraming: boolean;
  /** Called once, with the labels of the marker that it shares, or none; undefined where it needs none. */
  readonly close: ((labels: readonly number[]) => void) | undefined;
}

interface Placed extends Sharing {
  /** A paragraph, list or table begins with it. */
  readonly isNew: boolean;
}

export interface SharedMarkers {
  /** Takes the next sentence, and closes those of which it is now known what they share. */
  add(sentence: Sharing): void;
  /** The answer is over. */
  end(): void;
}

const BOLD_LINE = /^(?:\*\*|__).*(?:\*\*|__)$/u;
const COLON = /[:：][*_]*$/u;
const BLANK_LINE = /\n[^\S\n]*\n/u;
/** Goes on with the entry of a list. */
const INDENTED = /\n[^\S\n]{2,}$/u;
/** Nobody means more by one marker. All that share it are checked at once, which would hold up everyone else's answer. */
const OPEN_MAX = 64;

export function createSharedMarkers(): SharedMarkers {
  let before: Placed | undefined;
  let isInList = false;
  let open: ((labels: readonly number[]) => void)[] = [];
  /** Of the heading or lead-in right above, for what no later marker covers. */
  let lead: readonly number[] = [];

  const closeAll = (labels: readonly number[]): void => {
    for (const close of open) close(labels);
    open = [];
  };

  return {
    add(sentence) {
      const { labels, isFraming, close } = sentence;
      const isNew = before === undefined || beginsBlock(sentence, before, isInList);
      // `Sources: [1]` in a line of its own speaks of what stands above it.
      if (isNew && !(isFraming && labels.length > 0)) closeAll(lead);
      lead = toLead(before) ?? (isNew ? [] : lead);
      if (labels.length > 0) closeAll(labels);
      else if (close !== undefined) open.push(close);
      if (open.length > OPEN_MAX) open.shift()?.(lead);
      isInList = isItem(sentence) || (isInList && !isNew);
      before = { ...sentence, isNew };
    },
    end: () => closeAll(lead),
  };
}

/** The labels for what stands below; undefined where it leads in to nothing, or `- Prices:` leaves it the marker above its list. */
function toLead(before: Placed | undefined): readonly number[] | undefined {
  if (before === undefined || !leadsIn(before)) return undefined;
  return before.isNew || before.labels.length > 0 ? before.labels : undefined;
}

function isItem({ text }: Sharing): boolean {
  return ENTRY.test(text);
}

/** Does it say what stands below it? */
function leadsIn({ text }: Sharing): boolean {
  const line = withoutMarkers(text).trim();
  return HEADING.test(line) || BOLD_LINE.test(line) || COLON.test(line);
}

/** Does a paragraph, list or table begin with the sentence? A list goes on behind an empty line, and so does what leads in to it. */
function beginsBlock({ text, gap }: Sharing, before: Sharing, isInList: boolean): boolean {
  if (!gap.includes("\n")) return false;
  if (HEADING.test(text) || HEADING.test(before.text)) return true;
  if (!BLANK_LINE.test(gap)) return false;
  const isListed = ENTRY.test(text) && (isInList || leadsIn(before));
  return !isListed && !(isInList && INDENTED.test(gap));
}
