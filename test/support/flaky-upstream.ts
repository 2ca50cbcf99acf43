/** Model upstreams that fail or hang by chance, and the load to try a call policy with. Chance is seeded, time is fake. */
import { sleep } from "../../src/async/clock.ts";
import { startDeadline } from "../../src/async/deadline.ts";
import { createUpstreamRegistry, type UpstreamSnapshot } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError, toAppError } from "../../src/errors.ts";
import type { ChatModel, Embedder, Reranker } from "../../src/models/model.ts";
import {
  protectChat,
  type ProtectDeps,
  protectEmbedder,
  protectReranker,
} from "../../src/models/protect.ts";
import { createRandom } from "../../scripts/chaos/random.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";

export interface Chances {
  /** Of a call to fail at once. */
  failure: number;
  /** Of a call to hang for `hangMs` before it answers. */
  hang: number;
}

export type Kind = "embed" | "rerank" | "chat";

export interface Load {
  readonly calls: number;
  readonly gapMs: number;
  /** What a call may take in all. */
  readonly deadlineMs: number;
}

export interface Outcome {
  readonly ms: number;
  /** Undefined: it answered. */
  readonly code: string | undefined;
}

const LATENCY_MS = 60;
const HANG_MS = 2_000;

/** A protected model of the kind over a flaky upstream, with the settings' defaults unless told otherwise. */
export function createFlaky(kind: Kind, env: Readonly<Record<string, string>> = {}) {
  const clock = createFakeClock();
  const chances: Chances = { failure: 0, hang: 0 };
  const upstreams = createUpstreamRegistry();
  const random = createRandom(7);
  const deps: ProtectDeps = { config: parseConfig(env), clock, upstreams, random };
  let calls = 0;
  let hung = 0;
  const answer = async (signal: AbortSignal): Promise<void> => {
    calls += 1;
    const isHanging = random() < chances.hang;
    hung += isHanging ? 1 : 0;
    const fails = random() < chances.failure;
    // Latencies spread as real ones do: most near the usual, some at thrice as much.
    const latencyMs = LATENCY_MS * (1 + 2 * random() ** 4);
    await sleep(clock, isHanging ? HANG_MS : fails ? 5 : latencyMs, signal);
    if (fails) throw new AppError("upstream_unavailable");
  };
  const call = createCall(kind, answer, deps);

  const callOnce = async (number: number, deadlineMs: number): Promise<Outcome> => {
    using deadline = startDeadline({ clock, budgetMs: deadlineMs });
    const startMs = clock.now();
    const code = await call(number, deadline.signal).then(
      () => undefined,
      (thrown: unknown) => toAppError(thrown).code,
    );
    return { ms: clock.now() - startMs, code };
  };

  return {
    chances,
    clock,
    get calls() {
      return calls;
    },
    get hung() {
      return hung;
    },
    read: (): UpstreamSnapshot | undefined => upstreams.read()[0],
    run: (load: Load) => run(clock, load, callOnce),
  };
}

async function run(
  clock: FakeClock,
  { calls, gapMs, deadlineMs }: Load,
  callOnce: (number: number, deadlineMs: number) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Promise<Outcome>[] = [];
  for (let number = 0; number < calls; number += 1) {
    outcomes.push(callOnce(number, deadlineMs));
    await clock.advance(gapMs);
  }
  await clock.advance(2 * deadlineMs);
  return Promise.all(outcomes);
}

let texts = 0;

function createCall(
  kind: Kind,
  answer: (signal: AbortSignal) => Promise<void>,
  deps: ProtectDeps,
): (number: number, signal: AbortSignal) => Promise<unknown> {
  switch (kind) {
    case "embed": {
      const plain: Embedder = {
        id: "flaky",
        batchMax: 8,
        fusionWeight: 0.5,
        embed: (asked, _kind, signal) => answer(signal).then(() => asked.map(() => undefined)),
      };
      const embedder = protectEmbedder(plain, deps);
      return (_number, signal) => embedder.embed([`text ${(texts += 1)}`], "query", signal);
    }
    case "rerank": {
      const plain: Reranker = {
        id: "flaky",
        score: (_q, _t, signal) => answer(signal).then(() => [1]),
      };
      const reranker = protectReranker(plain, deps);
      return (_number, signal) => reranker.score("question", ["text"], signal);
    }
    case "chat": {
      const chat = protectChat(createChat(answer), [], deps);
      return async (_number, signal) => {
        const request = { messages: [], outputTokensMax: 10, temperature: 0 };
        for await (const delta of chat.stream(request, signal)) if (delta.type === "finish") return;
        throw new AppError("upstream_truncated");
      };
    }
    default:
      return kind satisfies never;
  }
}

function createChat(answer: (signal: AbortSignal) => Promise<void>): ChatModel {
  return {
    id: "flaky",
    async *stream(_request, signal) {
      await answer(signal);
      yield { type: "text", text: "so it is" };
      yield { type: "finish", reason: "stop" };
    },
  };
}

/** The value below which the share of the outcomes lies. */
export function toQuantile(outcomes: readonly Outcome[], share: number): number {
  const sorted = outcomes.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
