/** The service, as this page talks to it: what can be asked, and a question as a sequence of events. */
import { type Connections, readRun, RefusedError } from "../../client/read-run.ts";
import type { Mode, Turn } from "../../domain/ask.ts";
import type { RunEvent } from "../../domain/event.ts";
import { createLine } from "./connection.ts";
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

/** Who reads a run. */
export interface Reader {
  /** A run that is not read to its end is cancelled. */
  readonly signal: AbortSignal;
  /** Told each time that the connection is lost and is made again. */
  readonly onLost: () => void;
}

/**
 * Asks. The events come as the service sends them, each once, however often the connection drops.
 * Throws Refusal, BrokenOffError; whatever `fetch` throws when the service cannot be reached or the signal aborts.
 */
export function ask(question: Question, reader: Reader): AsyncGenerator<RunEvent> {
  const { collections, ...rest } = question;
  return readEvents(reader, {
    method: "POST",
    headers: { "Content-Type": "application/json", Prefer: "keep-run" },
    body: JSON.stringify(collections.length === 0 ? rest : question),
  });
}

/** The events of a run that was asked for before the page was loaded anew, from the first. Throws as `ask`. */
export function askAgain(runId: string, reader: Reader): AsyncGenerator<RunEvent> {
  return readEvents(reader, {}, runId);
}

/** Connections that may fail in a row: half a minute, and however long the browser knows of no network. */
const ATTEMPTS_MAX = 8;

async function* readEvents(
  { signal, onLost }: Reader,
  { headers, ...init }: { method?: string; headers?: Record<string, string>; body?: string },
  goOnWith?: string,
): AsyncGenerator<RunEvent> {
  using line = createLine();
  const connect = (path: string, more: RequestInit, wanted: Record<string, string>) =>
    line.connect(
      () => fetch(path, { ...more, headers: toHeaders({ ...STREAM, ...wanted }), signal }),
      signal,
    );
  let hasBegun = false;
  const connections: Connections = {
    open: () => connect("/v1/ask", init, headers ?? {}),
    resume(runId, lastEventId) {
      if (hasBegun) onLost();
      return connect(`${toPath(runId)}/events`, {}, { "Last-Event-ID": lastEventId });
    },
    async cancel(runId) {
      void cancelRun(runId); // whoever stops does not wait for it
    },
  };
  const events = readRun(connections, { signal, attemptsMax: ATTEMPTS_MAX }, goOnWith);
  try {
    for await (const event of events) {
      hasBegun = true;
      yield event;
    }
  } catch (thrown) {
    throw thrown instanceof RefusedError ? new Refusal(toProblem(thrown)) : thrown;
  }
}

const STREAM = { Accept: "text/event-stream" };

function toPath(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}`;
}

/** A service that cannot be reached any more ends it at its deadline. */
async function cancelRun(runId: string): Promise<void> {
  const init = { method: "DELETE", headers: toHeaders({}), keepalive: true };
  await fetch(toPath(runId), init).catch(() => undefined);
}

/** The key of this tab. */
export function readKey(): string | undefined {
  return readKept(() => sessionStorage, KEY_NAME);
}

function toHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const key = readKey();
  if (key === undefined) return { ...headers };
  // No key has a sign beyond ASCII, and a header with one is not sent at all: the service is to refuse it.
  return { ...headers, Authorization: `Bearer ${key.replaceAll(/[^\x21-\x7e]/g, "?")}` };
}

/** A problem, or what OpenAI's clients are told at `/v1/models`. */
type Refused = Partial<Problem> & { readonly error?: { readonly message: string } };

async function readProblem(response: Response): Promise<Problem> {
  const { status } = response;
  // Something in between may have answered, and not in JSON.
  const body = (await response.json().catch(() => undefined)) as Refused | undefined;
  return toProblem({ status, problem: body?.error ? { detail: body.error.message } : body });
}

function toProblem({ status, problem }: Pick<RefusedError, "status" | "problem">): Problem {
  const title = `The service answered with status ${status}`;
  return { title, ...(problem as Partial<Problem> | undefined), status };
}
