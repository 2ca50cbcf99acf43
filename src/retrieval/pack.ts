/** Chooses the passages of the context: best first, within a token budget, no document taking it over. */
import { oncePer } from "../async/once.ts";
import type { Chunk } from "../domain/chunk.ts";
import type { Passage } from "../domain/event.ts";
import { estimateTokens } from "../text/tokens.ts";
import type { Found } from "./take.ts";

export interface PackLimits {
  readonly passagesMax: number;
  readonly contextTokensMax: number;
  /** Share of the passages that may come from one document, while there are others. */
  readonly documentShareMax: number;
}

/** Why something was left out of the context. */
export type Left =
  | { readonly why: "places" }
  /** Its document has as many passages as one may, beside others. */
  | { readonly why: "share"; readonly perDocumentMax: number }
  | { readonly why: "tokens"; readonly tokens: number; readonly tokensLeft: number };

export interface Packed {
  /** Labelled from 1, best first. */
  readonly passages: readonly Passage[];
  readonly left: ReadonlyMap<Found, Left>;
}

/** Fills the context. One that does not fit the budget is passed over for smaller ones after it. */
export function pack(found: readonly Found[], limits: PackLimits): Packed {
  const documents = new Set(
    found.map(({ collection, chunk }) => `${collection}/${chunk.documentId}`),
  );
  const perDocumentMax =
    documents.size > 1
      ? Math.max(1, Math.floor(limits.passagesMax * limits.documentShareMax))
      : limits.passagesMax;
  const perDocument = new Map<string, number>();
  const passages: Passage[] = [];
  const left = new Map<Found, Left>();
  let tokensLeft = limits.contextTokensMax;
  for (const one of found) {
    if (passages.length >= limits.passagesMax) {
      left.set(one, { why: "places" });
      continue;
    }
    const document = `${one.collection}/${one.chunk.documentId}`;
    const sameDocument = perDocument.get(document) ?? 0;
    const tokens = tokensOf(one.chunk);
    if (sameDocument >= perDocumentMax) left.set(one, { why: "share", perDocumentMax });
    else if (tokens > tokensLeft) left.set(one, { why: "tokens", tokens, tokensLeft });
    else {
      tokensLeft -= tokens;
      perDocument.set(document, sameDocument + 1);
      passages.push(toPassage(one, passages.length + 1));
    }
  }
  return { passages, left };
}

/** Estimated once for chunks that stores keep. */
const tokensOf = oncePer(({ text }: Chunk) => estimateTokens(text));

/** A chunk as the run's record has it: copied, so that nobody changes what a store keeps. */
export function toPassage(
  { chunk, collection, score, trail }: Omit<Found, "row">,
  label: number,
): Passage {
  const { headings, ...place } = chunk.location;
  return {
    label,
    chunkId: chunk.id,
    collection,
    documentId: chunk.documentId,
    title: chunk.title,
    location: { headings: [...headings], ...place },
    start: chunk.start,
    end: chunk.end,
    text: chunk.text,
    score: Math.round(score * 10_000) / 10_000,
    trail: { ...trail },
    metadata: Object.fromEntries(
      Object.entries(chunk.metadata).map(([name, value]) => [
        name,
        typeof value === "object" ? [...value] : value,
      ]),
    ),
  };
}
