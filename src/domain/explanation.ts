/** Why a document is, or is not, in the context of a question: how far each of its chunks came. */
import * as z from "zod";
import { Leg } from "./event.ts";

/** Where a chunk fell out, in the order of the stages; `used`: it is in the context. */
export const EXPLAIN_STAGES = [
  "collection",
  "filter",
  "search",
  "fuse",
  "take",
  "collapse",
  "rerank",
  "pack",
  "used",
] as const;
export type ExplainStage = (typeof EXPLAIN_STAGES)[number];

/** A document; its collection has to be named only where several have one of this id. */
export interface ExplainTarget {
  readonly documentId: string;
  readonly collection?: string | undefined;
}

/** What one leg has to do with one chunk. */
export const LegTrace = Leg.pick({ retriever: true, status: true, code: true }).extend({
  /** The chunk is among the hits that the leg brought. */
  brought: z.boolean(),
  /** From 1, beyond the leg's depth as well; absent: not among the first thousand, or not told. */
  rank: z.int().positive().optional(),
  /** Absent: the retriever cannot find it at all, or could not tell. */
  score: z.number().optional(),
  /** Hits that the leg brought. */
  hits: z.int().nonnegative(),
  /** Of the last of them. */
  lastScore: z.number().optional(),
});
export type LegTrace = z.infer<typeof LegTrace>;

const ChunkName = z.object({
  collection: z.string(),
  documentId: z.string(),
  chunkId: z.string(),
});

export const ChunkTrace = z.object({
  chunkId: z.string(),
  position: z.int().nonnegative(),
  headings: z.array(z.string()),
  page: z.int().positive().optional(),
  /** Where it fell out. */
  stage: z.enum(EXPLAIN_STAGES),
  /** Why, in a sentence. */
  why: z.string(),
  legs: z.array(LegTrace),
  /** Place among all that any leg found; the first `candidatesMax` go on. */
  fused: z
    .object({
      rank: z.int().positive(),
      score: z.number(),
      candidatesMax: z.int().positive(),
      /** Of the last that goes on. */
      lastScore: z.number(),
    })
    .optional(),
  /** The better ranked chunk that says the same. */
  twin: ChunkName.optional(),
  /** Places before and after reranking, among those that were not dropped as duplicates. */
  order: z.object({ before: z.int().positive(), after: z.int().positive() }).optional(),
  /** Of the passage it became. */
  label: z.int().positive().optional(),
});
export type ChunkTrace = z.infer<typeof ChunkTrace>;

export const Explanation = z.object({
  document: z.object({
    collection: z.string(),
    documentId: z.string(),
    title: z.string(),
    /** Looked at: the first thousand of a longer document. */
    chunks: z.int().positive(),
  }),
  /** How far the document came: the stage of the chunk that came furthest. */
  stage: z.enum(EXPLAIN_STAGES),
  /** At which stage it fell out and why, in a sentence. */
  why: z.string(),
  /** What could be changed so that it comes further, the likeliest first. */
  advice: z.array(z.string()),
  /** Those that came furthest, first; at most twenty. */
  chunks: z.array(ChunkTrace),
});
export type Explanation = z.infer<typeof Explanation>;
