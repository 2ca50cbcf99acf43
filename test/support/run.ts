/** A run whose events are kept, and asks with defaults filled in. */
import { LOCAL_CALLER } from "../../src/domain/caller.ts";
import { systemClock } from "../../src/async/clock.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import type { Ask, RetrievalOptions } from "../../src/domain/ask.ts";
import type { Passage, RunEnd, RunEvent } from "../../src/domain/event.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { type Run, startRun } from "../../src/run.ts";

export interface TestRun extends Run {
  readonly events: readonly RunEvent[];
}

/** Starts a run on the system clock; `settings` are environment variables. */
export function createTestRun(
  settings: Readonly<Record<string, string>> = {},
  parent: AbortSignal = new AbortController().signal,
): TestRun {
  const events: RunEvent[] = [];
  const run = startRun({
    config: parseConfig(settings),
    clock: systemClock,
    log: silentLog,
    deadlineMs: 30_000,
    parent,
    emit: (event) => {
      events.push(event);
      return Promise.resolve();
    },
  });
  return Object.assign(run, { events });
}

export const testConfig: Config = parseConfig({});

/** An ask with every default; the retrieval options may be changed one by one. */
export function toAsk(
  question: string,
  changes: Partial<Omit<Ask, "retrieval">> & { retrieval?: Partial<RetrievalOptions> } = {},
): Ask {
  const { retrieval, ...rest } = changes;
  return {
    question,
    collections: [],
    mode: "direct",
    caller: LOCAL_CALLER,
    history: [],
    grounding: "flag",
    limits: { stepsMax: 8, toolCallsMax: 32, tokensMax: 200_000 },
    deadlineMs: 30_000,
    ...rest,
    retrieval: {
      retrievers: ["vector", "keyword"],
      legHitsMax: 20,
      rerank: "none",
      passagesMax: 5,
      contextTokensMax: 2_000,
      require: [],
      legsMin: 1,
      ...retrieval,
    },
  };
}

/** Reads a run to its end. */
export async function readEnd(events: AsyncIterable<RunEvent>): Promise<RunEnd> {
  for await (const event of events) if (event.type === "run-end") return event;
  throw new Error("the run has no end");
}

/** A passage of one document. */
export function toPassage(label: number, text: string, changes: Partial<Passage> = {}): Passage {
  return {
    label,
    chunkId: `d${label}#0`,
    collection: "c",
    documentId: `d${label}`,
    title: "",
    location: { headings: [] },
    start: 0,
    end: text.length,
    text,
    score: 1 / label,
    trail: {},
    metadata: {},
    ...changes,
  };
}
