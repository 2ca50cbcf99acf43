/** Streams an extractive answer: whole sentences, each with its citation, exact by construction. */
import type { Ask } from "../domain/ask.ts";
import type { Passage } from "../domain/event.ts";
import { ANSWERABLE_SURE, type Chosen, extract } from "../grounding/extractive.ts";
import { createQuoteCleaner } from "../grounding/quote-cleaner.ts";
import type { Candidate } from "../grounding/sentence-features.ts";
import { toShownHeading } from "../grounding/shown-heading.ts";
import { toNamedCells, toTableText } from "../grounding/table-rows.ts";
import type { Embedder } from "../models/model.ts";
import type { Run } from "../run.ts";
import { isRecord, toRecordLine } from "../text/record.ts";

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
  let above: string | undefined;
  for (const [index, one] of chosen.entries()) {
    const isApart = isBlock(one.candidate) || isBlock(chosen[index - 1]?.candidate);
    const separator = index === 0 ? "" : isApart ? "\n\n" : " ";
    const heading = toShownHeading(question, one.candidate);
    const isShown = heading !== undefined && (heading.text !== above || isApart);
    above = heading?.text;
    const opening = isShown ? clean(heading.text) : "";
    const joint = opening === "" ? "" : isLines(one.candidate) ? ":\n\n" : " – ";
    const sentence = clean(toQuotation(one.candidate));
    const { label } = one.candidate.passage;
    const start = length + separator.length;
    const from = start + opening.length + joint.length;
    const end = from + sentence.length;
    // Right behind a table's last row a label would be one cell too many, which readers of Markdown drop.
    const isTable = one.candidate.lead !== undefined && one.candidate.header !== undefined;
    const text = `${separator}${opening}${joint}${sentence}${isTable ? "\n\n" : " "}[${label}]`;
    length += text.length;
    await run.emit({ type: "text-delta", text });
    if (isShown && heading.place !== undefined) {
      const evidence = { documentId: one.candidate.passage.documentId, ...heading.place };
      await run.emit({ type: "citation", label, start, end: start + opening.length, evidence });
    }
    await run.emit({ type: "citation", label, start: from, end, evidence: toEvidence(one) });
    await run.emit({ type: "sentence-check", start, end, verdict: "supported", labels: [label] });
  }
  return chosen.length > 0;
}

function toEvidence({ candidate }: Chosen): { documentId: string; start: number; end: number } {
  return {
    documentId: candidate.passage.documentId,
    start: candidate.start,
    end: candidate.end,
  };
}

/** A list or table keeps its lines; of a row alone each cell has the name of its column, and of a record each value. */
function toQuotation(candidate: Candidate): string {
  const { text, lead, header } = candidate;
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

/** Is it shown in several lines? */
function isLines({ lead }: Candidate): boolean {
  return lead !== undefined;
}

/** A sentence wrapped over lines in its document is shown on one; list and quote marks go. */
function toLine(text: string): string {
  return text
    .replace(/\s*\n[>\s]*/gu, " ")
    .replace(/^(?:[-*+•]|\d{1,3}[.)])\s+/u, "")
    .trim();
}
