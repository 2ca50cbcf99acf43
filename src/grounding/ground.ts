/** Follows an answer as it grows: cites and checks each sentence as soon as it is complete. */
import type { Citation, Grounding, Passage, SentenceCheck } from "../domain/event.ts";
import { splitSentences, type Span } from "../text/sentences.ts";
import { checkSentence, findEvidence, type Verdict } from "./check-sentence.ts";
import type { Marker } from "./citation-parser.ts";

export interface Ground {
  /** Takes the next piece of shown text with its markers; gives what is known of the sentences it completed. */
  push(text: string, markers: readonly Marker[]): readonly (Grounded | Checked)[];
  /** The answer is complete: the rest, and the grounding of the whole. */
  end(): { readonly last: readonly (Grounded | Checked)[]; readonly grounding: Grounding };
}

export type Grounded = { readonly type: "citation" } & Citation;
export type Checked = { readonly type: "sentence-check" } & SentenceCheck;

const MARKERS_ONLY = /^(?:\s*\[\d+\])+\s*$/u;

/** Creates a follower over the passages of the context. */
export function createGround(passages: readonly Passage[]): Ground {
  const byLabel = new Map(passages.map((passage) => [passage.label, passage]));
  const verdicts: Verdict[] = [];
  let answer = "";
  let markers: Marker[] = [];
  let done = 0;

  const settle = (sentence: Span): readonly (Grounded | Checked)[] => {
    const own = markers.filter(({ start }) => start >= sentence.start && start < sentence.end);
    const { start } = sentence;
    const end = own.find((marker) => marker.start > start)?.start ?? sentence.end;
    const claim = answer.slice(start, sentence.end).replaceAll(/\s*\[\d+\]/gu, "");
    const labels = [...new Set(own.flatMap((marker) => marker.labels))];
    const cited = labels.flatMap((label) => byLabel.get(label) ?? []);
    const verdict = judge(claim, cited, passages);
    verdicts.push(verdict);
    return [
      ...cited.map((passage) =>
        toCitation(passage, claim, { start, end: trimEnd(answer, start, end) }),
      ),
      { type: "sentence-check", start, end: sentence.end, verdict, labels },
    ];
  };

  const advance = (isLast: boolean): readonly (Grounded | Checked)[] => {
    const sentences = joinMarkers(answer, splitSentences(answer.slice(done)), done);
    // The last one may still grow, or get a marker behind its full stop.
    const complete = isLast ? sentences : sentences.slice(0, -1);
    const events = complete.flatMap(settle);
    const last = complete.at(-1);
    if (last !== undefined) {
      done = last.end;
      markers = markers.filter(({ start }) => start >= last.end);
    }
    return events;
  };

  return {
    push(text, found) {
      answer += text;
      markers.push(...found);
      return advance(false);
    },
    end() {
      const last = advance(true);
      return { last, grounding: toGrounding(verdicts) };
    },
  };
}

/** A sentence without a citation cannot be more than weak, whatever the passages say. */
function judge(claim: string, cited: readonly Passage[], all: readonly Passage[]): Verdict {
  const verdict = checkSentence(
    claim,
    (cited.length > 0 ? cited : all).map(({ title, text }) => `${title}\n${text}`),
  );
  return cited.length === 0 && verdict === "supported" ? "weak" : verdict;
}

function toCitation(passage: Passage, claim: string, span: Span): Grounded {
  const evidence = findEvidence(claim, passage.text);
  return {
    type: "citation",
    label: passage.label,
    ...span,
    evidence: {
      documentId: passage.documentId,
      start: passage.start + evidence.start,
      end: passage.start + evidence.end,
    },
  };
}

/** `It holds. [1]`: a marker behind the full stop belongs to the sentence before it. */
function joinMarkers(answer: string, spans: readonly Span[], offset: number): readonly Span[] {
  const joined: Span[] = [];
  for (const { start, end } of spans) {
    const span = { start: offset + start, end: offset + end };
    const previous = joined.at(-1);
    const text = answer.slice(span.start, span.end);
    const lead = /^(?:\s*\[\d+\])+/u.exec(text)?.[0] ?? "";
    if (previous !== undefined && lead !== "") {
      joined[joined.length - 1] = { start: previous.start, end: span.start + lead.length };
      if (MARKERS_ONLY.test(text)) continue;
      span.start += lead.length + (/^\s*/u.exec(text.slice(lead.length))?.[0].length ?? 0);
    }
    joined.push(span);
  }
  return joined;
}

function trimEnd(text: string, start: number, end: number): number {
  return start + text.slice(start, end).trimEnd().length;
}

function toGrounding(verdicts: readonly Verdict[]): Grounding {
  const supported = verdicts.filter((verdict) => verdict === "supported").length;
  if (supported === verdicts.length && supported > 0) return "grounded";
  return supported > 0 ? "partly-grounded" : "ungrounded";
}
