/** Streams an extractive answer: whole sentences, each with its citation, exact by construction. */
import type { Ask } from "../domain/ask.ts";
import type { Passage } from "../domain/event.ts";
import { ANSWERABLE_SURE, extract } from "../grounding/extract/extractive.ts";
import type { Code } from "../grounding/code-blocks.ts";
import { createQuoteCleaner } from "../grounding/write/quote-cleaner.ts";
import type { Candidate } from "../grounding/sentence-features.ts";
import { type ShownHeading, toShownHeading } from "../grounding/extract/shown-heading.ts";
import { toNamedCells, toTableText } from "../grounding/table-rows.ts";
import type { Embedder } from "../models/model.ts";
import type { Run } from "../run.ts";
import { isRecord, toRecordLine } from "../text/record.ts";
import type { Span } from "../text/sentences.ts";

/**
 * Emits the answer; false when no sentence answers, and then no text was emitted. Where it is not sure
 * that they answer, `flag` shows them and says so as `uncertain`; the other policies show nothing.
 */
export async function quote(
  { question, grounding }: Pick<Ask, "question" | "grounding">,
  passages: readonly Passage[],
  embedder: Embedder,
  run: Run,
): Promise<boolean> {
  const { chosen, answerable } = await extract(question, passages, embedder, run.signal);
  if (chosen.length > 0 && answerable < ANSWERABLE_SURE) {
    if (grounding !== "flag") return false;
    await run.degrade("uncertain");
  }
  const clean = createQuoteCleaner(passages);
  let length = 0;
  for (const [index, { candidate }] of chosen.entries()) {
    const before = chosen[index - 1]?.candidate;
    const isApart = isBlock(candidate) || isBlock(before);
    const separator = toSeparator(index, isApart);
    const heading = toHeading(question, candidate, isApart ? undefined : before);
    const opening = clean(heading?.text ?? "");
    const joint = opening === "" ? "" : toJoint(candidate);
    const sentence = clean(toQuotation(candidate), {
      beginsLine: isBlock(candidate) && !joint.endsWith(" "),
    });
    const { label } = candidate.passage;
    const start = length + separator.length;
    const from = start + opening.length + joint.length;
    const end = from + sentence.length;
    const text = `${separator}${opening}${joint}${sentence}${toGap(candidate, sentence)}[${label}]`;
    length += text.length;
    await run.emit({ type: "text-delta", text });
    if (heading?.place !== undefined) {
      const evidence = toEvidence(candidate, heading.place);
      await run.emit({ type: "citation", label, start, end: start + opening.length, evidence });
    }
    const evidence = toEvidence(candidate, candidate);
    await run.emit({ type: "citation", label, start: from, end, evidence });
    await run.emit({ type: "sentence-check", start, end, verdict: "supported", labels: [label] });
  }
  return chosen.length > 0;
}

function toSeparator(index: number, isApart: boolean): string {
  if (index === 0) return "";
  return isApart ? "\n\n" : " ";
}

/** The heading to be shown, unless it is shown for what stands `before` it on the same line, or that has the term. */
function toHeading(
  question: string,
  candidate: Candidate,
  before: Candidate | undefined,
): ShownHeading | undefined {
  const heading = toShownHeading(question, candidate);
  if (heading === undefined || before === undefined) return heading;
  const known = toShownHeading(question, before);
  const isSaid = isOpening(before, candidate) && before.text.includes(heading.text);
  return isSaid || heading.text === known?.text ? undefined : heading;
}

/** Is it the sentence right before another one of its passage? */
function isOpening(before: Candidate, { passage, position }: Candidate): boolean {
  return before.passage === passage && before.position + 1 === position;
}

function toEvidence(
  { passage: { documentId } }: Candidate,
  { start, end }: Span,
): { documentId: string; start: number; end: number } {
  return { documentId, start, end };
}

/** A list, table or block of code keeps its lines; of a row alone each cell has the name of its column, and of a record each value. */
function toQuotation(candidate: Candidate): string {
  const { text, lead, header, code } = candidate;
  if (code !== undefined) return toCodeText(code);
  if (header !== undefined && lead !== undefined) return toTableText(candidate, header);
  if (lead !== undefined) return text;
  if (header !== undefined) return toNamedCells(text, header.text);
  return isRecord(text) ? toRecordLine(text) : toLine(text);
}

function isBlock(candidate: Candidate | undefined): boolean {
  if (candidate === undefined) return false;
  const { lead, header, text } = candidate;
  return lead !== undefined || header !== undefined || isRecord(text);
}

/** Between a heading and what it is shown for, which may have several lines. */
function toJoint({ lead }: Candidate): string {
  return lead === undefined ? " – " : ":\n\n";
}

/**
 * Right behind a table's last row a label would be one cell too many, which readers of Markdown drop, and behind the mark
 * that ends code it would be a part of the code.
 */
function toGap({ lead, header }: Candidate, quotation: string): string {
  const isTable = lead !== undefined && header !== undefined;
  return isTable || /(?:^|\n)[^\S\n]*(?:`{3,}|~{3,})$/u.test(quotation) ? "\n\n" : " ";
}

function toCodeText({ opening, shown }: Code): string {
  return opening === "" ? shown : `${toLine(opening)}\n\n${shown}`;
}

/** A sentence wrapped over lines in its document is shown on one; list and quote marks, hyphens of the wrapping and the blanks that fill a line go. */
function toLine(text: string): string {
  return text
    .replace(/(?<=\p{L})[\u2010\u00ad]\s*\n\s*(?=\p{L})/gu, "")
    .replace(/\s*\n[>\s]*/gu, " ")
    .replace(/[^\S\n]{2,}|\t/gu, " ")
    .replace(/^(?:[-*+•]|\d{1,3}[.)])\s+/u, "")
    .trim();
}
