/** The service, as this page talks to it: what can be asked, and a question as a sequence of events. */
import { createParser } from "eventsource-parser";
import type { Mode, Turn } from "../../domain/ask.ts";
import type { RunEvent } from "../../domain/event.ts";
import { readKept } from "./kept.ts";

export const KEY_NAME = "tributary.key";

export type CollectionChoice = { readonly name: string } & (
  | { readonly status: "ready"; readonly documents: number; readonly chunks: number }
  | { readonly status: "unavailable" }
);

export interface Question {
  readonly question: string;
  readonly mode: Mode;
  /** Empty: every collection. */
  readonly collections: readonly string[];
  /** What was said before, oldest first; absent: nothing. */
  readonly history?: readonly Turn[];
  /** A JSON Schema: the answer is a value of it. */
  readonly output?: { readonly schema: Readonly<Record<string, unknown>> };
}

/** What the service says when it refuses: the part of a problem (RFC 9457) that people read. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
}

/** A refusal, with its problem. */
export class Refusal extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** The collections there are. Throws Refusal; TypeError when the service cannot be reached. */
export async function listCollections(): Promise<readonly CollectionChoice[]> {
  const response = await fetch("/v1/collections", { headers: toHeaders({}) });
  if (!response.ok) throw new Refusal(await readProblem(response));
  const body = (await response.json()) as { collections: readonly CollectionChoice[] };
  return body.collections;
}

/**
 * The modes that the service offers: `direct`, and those that are the name of a model of its own.
 * Throws Refusal; TypeError when the service cannot be reached.
 */
export async function listModes(): Promise<ReadonlySet<string>> {
  const response = await fetch("/v1/models", { headers: toHeaders({}) });
  if (!response.ok) throw new Refusal(await readProblem(response));
  const { data } = (await response.json()) as { data: readonly { readonly id: string }[] };
  return new Set(["direct", ...data.map(({ id }) => id.replace("tributary/", ""))]);
}

/**
 * Asks. The events come as the service sends them; when they end without `run-end` the stream broke off.
 * Throws Refusal; whatever `fetch` throws when the service cannot be reached or the signal aborts.
 */
export async function* ask(question: Question, signal: AbortSignal): AsyncGenerator<RunEvent> {
  const { collections, ...rest } = question;
  const response = await fetch("/v1/ask", {
    method: "POST",
    headers: toHeaders({ "Content-Type": "application/json", Accept: "text/event-stream" }),
    body: JSON.stringify(collections.length === 0 ? rest : question),
    signal,
  });
  if (!response.ok || response.body === null) throw new Refusal(await readProblem(response));
  yield* readEvents(response.body);
}

/** How long a run may say nothing after its time is up. */
const SILENCE_MS = 20_000;

/**
 * The events in an event stream, however its bytes are cut. A network that is gone closes nothing: a stream that says
 * nothing any more when its run must be over is taken for broken off, and ends.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<RunEvent> {
  const events: RunEvent[] = [];
  const parser = createParser({ onEvent: ({ data }) => events.push(JSON.parse(data) as RunEvent) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let overMs = Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      for (const event of events) {
        if (event.type === "run-start") overMs = performance.now() + event.deadlineMs;
      }
      yield* events.splice(0);
      if (overMs === Infinity) continue;
      const leftMs = Math.max(0, overMs - performance.now());
      timer = setTimeout(() => void reader.cancel(), leftMs + SILENCE_MS);
    }
  } finally {
    clearTimeout(timer);
  }
}

function toHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const key = readKept(() => sessionStorage, KEY_NAME);
  return key === undefined ? { ...headers } : { ...headers, Authorization: `Bearer ${key}` };
}

async function readProblem(response: Response): Promise<Problem> {
  const { status } = response;
  const plain = { status, title: `The service answered with status ${status}` };
  try {
    return { ...plain, ...((await response.json()) as Partial<Problem>), status };
  } catch {
    return plain; // something in between answered, and not in JSON
  }
}
