/** The question's vector: asked for once an embedder, while the collections are opened where that can be told before. */
import { type Deadline, leaveTime, lendDeadline } from "../async/deadline.ts";
import { untilAborted } from "../async/until-aborted.ts";
import type { Ask } from "../domain/ask.ts";
import { AppError } from "../errors.ts";
import type { Embedder } from "../models/model.ts";
import type { Run } from "../run.ts";
import type { ReadStore } from "../stores/store.ts";
import { recall } from "./last-known.ts";

/**
 * What an answer needs behind this stage, as far as half of the time left is enough for it: an embedder that is
 * silent costs the vectors of a run with a short deadline, and not its answer.
 */
const ANSWER_MS_MIN = 2_000;
const ANSWER_SHARE_MAX = 1 / 2;

/** Undefined: the embedder knows no word of the question. */
type Vector = Float32Array | undefined;

/** Embeds the question within the stage's budget. Throws what the embedder throws, and AppError deadline_exceeded. */
export async function embedQuestion(
  embedder: Embedder,
  question: string,
  run: Run,
): Promise<Vector> {
  using deadline = startStage(run);
  return await embed(embedder, question, run, {
    signal: deadline.signal,
    after: ["open", "rewrite"],
  });
}

function startStage({ deadline, config }: Run): Deadline {
  const mostMs = leaveTime(deadline.remainingMs(), ANSWER_MS_MIN, ANSWER_SHARE_MAX);
  return deadline.child(Math.min(config.embedTimeoutMs, mostMs), "embed");
}

interface Stage {
  readonly signal: AbortSignal;
  readonly after: readonly string[];
}

function embed(
  embedder: Embedder,
  question: string,
  run: Run,
  { signal, after }: Stage,
): Promise<Vector> {
  return run.timeline.stage("embed", after, async () => {
    const work = embedder.embed([question], "query", signal);
    const [vector] = await untilAborted(work, signal);
    return vector;
  });
}

/** Calls that were begun before it was known whether they are needed. */
export interface Ahead extends Disposable {
  /** The call for this question, where one was begun. */
  find(embedderId: string, question: string): Promise<Vector> | undefined;
  /** Ends those that are under way still. */
  [Symbol.dispose](): void;
}

export interface AheadDeps {
  readonly store: ReadStore;
  readonly embedders: ReadonlyMap<string, Embedder>;
}

/**
 * Begins to embed the question by what its collections were embedded by when they were last opened, which
 * may take as long as the embedding. Not for a filter, by which all of them may be passed over. Dispose it
 * when the run has its vectors.
 */
export function embedAhead({ store, embedders }: AheadDeps, ask: Ask, run: Run): Ahead {
  const calls = new Map<string, Promise<Vector>>();
  const unneeded = new AbortController();
  let running = 0;
  const begin = async (embedder: Embedder): Promise<Vector> => {
    using deadline = startStage(run);
    const signal = AbortSignal.any([deadline.signal, unneeded.signal]);
    lendDeadline(signal, () => deadline.remainingMs());
    running += 1;
    try {
      return await embed(embedder, ask.question, run, { signal, after: [] });
    } finally {
      running -= 1;
    }
  };
  for (const id of foresee(store, ask)) {
    const embedder = embedders.get(id);
    if (embedder === undefined) continue;
    const call = begin(embedder);
    // Whoever needs it hears of its failure.
    call.catch(() => undefined);
    calls.set(id, call);
  }
  return {
    find: (id, question) => (question === ask.question ? calls.get(id) : undefined),
    [Symbol.dispose]() {
      if (running === 0) return;
      unneeded.abort(new AppError("cancelled", { detail: "the question's vector is not needed" }));
    },
  };
}

/** The embedders of the collections asked for; none unless all of them are known. */
function foresee(store: ReadStore, { collections, filter, retrieval }: Ask): ReadonlySet<string> {
  const { names, snapshots } = recall(store);
  if (filter !== undefined || !retrieval.retrievers.includes("vector")) return new Set();
  const asked = collections.length > 0 ? collections : (names?.value ?? []);
  const ids = asked.map((name) => snapshots.get(name)?.value.info.embedder);
  return ids.includes(undefined) ? new Set() : new Set(ids as string[]);
}
