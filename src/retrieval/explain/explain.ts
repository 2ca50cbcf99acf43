/** Why a document is, or is not, in the context: the run's own stages, looked at for each of its chunks. */
import type { Ask } from "../../domain/ask.ts";
import type { Chunk } from "../../domain/chunk.ts";
import type { ChunkTrace, Explanation, ExplainTarget } from "../../domain/explanation.ts";
import type { Run } from "../../run.ts";
import type { ReadStore } from "../../stores/store.ts";
import { advise } from "./advice.ts";
import { probe } from "./probe.ts";
import { type Facts, type Trace, traceAll } from "./trace.ts";
import { sayWhy, sumUp } from "./words.ts";
import { fuse } from "../fuse.ts";
import { locateDocument } from "./locate-document.ts";
import type { Opened } from "../open-collections.ts";
import { type RetrieveDeps, runStages, type Stages } from "../retrieve.ts";
import { take } from "../take.ts";

export interface ExplainDeps extends RetrieveDeps {
  readonly store: ReadStore;
}

export interface Explained {
  readonly stages: Stages;
  readonly explanation: Explanation;
}

const CHUNKS_SHOWN_MAX = 20;

/**
 * Retrieves as any run does, then says how far the document came. Throws what `retrieve` and
 * `locateDocument` throw.
 */
export async function explain(
  deps: ExplainDeps,
  { opened, target }: { readonly opened: readonly Opened[]; readonly target: ExplainTarget },
  ask: Ask,
  run: Run,
): Promise<Explained> {
  const { timeline } = run;
  const located = await timeline.leaf("locate", ["open"], () =>
    locateDocument(deps.store, opened, target, run),
  );
  const stages = await runStages(deps, opened, ask, run);
  const explanation = await timeline.stage("explain", ["take", "rerank"], async () => {
    const probes = located.isAsked ? await probe(deps, { opened, located, target }, ask, run) : {};
    const facts = { located, stages, probes, ask, fused: fuse(stages.arms), config: run.config };
    const traces = traceAll(facts);
    const shown = await readChunks(traces.slice(0, CHUNKS_SHOWN_MAX), facts, run);
    return toExplanation(traces, shown, facts);
  });
  return { stages, explanation };
}

interface Shown {
  readonly trace: Trace;
  readonly chunk: Chunk;
}

/** Those whose text can be read; a damaged one has no more to say than that. */
async function readChunks(
  traces: readonly Trace[],
  { located: { snapshot } }: Facts,
  run: Run,
): Promise<readonly Shown[]> {
  const collection = snapshot.info.name;
  const wanted = traces.map(({ row }) => ({ collection, row, score: 0, trail: {} }));
  const found = await take(wanted, [snapshot], run);
  return traces.flatMap((trace) => {
    const chunk = found.find(({ row }) => row === trace.row)?.chunk;
    return chunk === undefined ? [] : [{ trace, chunk }];
  });
}

function toExplanation(
  traces: readonly Trace[],
  shown: readonly Shown[],
  facts: Facts,
): Explanation {
  const { located } = facts;
  const chunks = shown.map(({ trace, chunk }) => toChunkTrace(trace, chunk, facts));
  const [first] = traces;
  const stage = first?.stage ?? "search";
  return {
    document: {
      collection: located.snapshot.info.name,
      documentId: shown[0]?.chunk.documentId ?? "",
      title: shown[0]?.chunk.title ?? "",
      chunks: traces.length,
    },
    stage,
    why: sumUp(chunks, traces),
    advice: first === undefined ? [] : [...advise(first, facts)],
    chunks,
  };
}

function toChunkTrace(trace: Trace, chunk: Chunk, facts: Facts): ChunkTrace {
  const { stage, legs, fused, twin, order, label } = trace;
  const { page, headings } = chunk.location;
  return {
    chunkId: chunk.id,
    position: chunk.position,
    headings: [...headings],
    ...(page === undefined ? {} : { page }),
    stage,
    why: sayWhy(trace, chunk, facts),
    legs: legs.map(({ isScored: _isScored, ...leg }) => leg),
    ...(fused === undefined ? {} : { fused }),
    ...(twin === undefined
      ? {}
      : {
          twin: {
            collection: twin.collection,
            documentId: twin.chunk.documentId,
            chunkId: twin.chunk.id,
          },
        }),
    ...(order === undefined ? {} : { order }),
    ...(label === undefined ? {} : { label }),
  };
}
