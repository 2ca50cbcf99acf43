/** Which parts of a passage are evidence. */
import type { Citation, Passage } from "../../domain/event.ts";

export interface Stretch {
  readonly text: string;
  /** `cited`: some citation rests on it; `chosen`: the one that is open does. */
  readonly role: "plain" | "cited" | "chosen";
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The passage's text, cut where its evidence begins and ends. Evidence outside of the passage is left out. */
export function cutEvidence(
  passage: Passage,
  citations: readonly Citation[],
  chosen?: Citation,
): readonly Stretch[] {
  const length = passage.text.length;
  const toRange = ({ evidence }: Citation): Range => ({
    start: Math.min(length, Math.max(0, evidence.start - passage.start)),
    end: Math.min(length, Math.max(0, evidence.end - passage.start)),
  });
  const isOurs = ({ label, evidence }: Citation): boolean =>
    label === passage.label && evidence.documentId === passage.documentId;
  const cited = citations.filter(isOurs).map(toRange);
  const open = chosen !== undefined && isOurs(chosen) ? toRange(chosen) : { start: 0, end: 0 };
  const edges = [...cited, open].flatMap(({ start, end }) => [start, end]);
  const cuts = [...new Set([0, ...edges, length])].toSorted((a, b) => a - b);
  return cuts.flatMap((start, index): Stretch[] => {
    const end = cuts[index + 1];
    if (end === undefined) return [];
    const covers = (range: Range): boolean => range.start <= start && end <= range.end;
    const role = covers(open) ? "chosen" : cited.some(covers) ? "cited" : "plain";
    return [{ text: passage.text.slice(start, end), role }];
  });
}
