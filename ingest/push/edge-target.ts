/** A Worker as the place a collection is pushed to, over its admin address. */
import * as z from "zod";
import type { Clock } from "../../src/async/clock.ts";
import { startDeadline } from "../../src/async/deadline.ts";
import { type RetriesMax, retry } from "../../src/async/retry.ts";
import type { CollectionInfo } from "../../src/domain/collection.ts";
import { AppError, ERROR_CODES } from "../../src/errors.ts";
import {
  PushAnswer,
  PushBatch,
  type PushEnd,
  PushPage,
  toPushStart,
} from "../../src/stores/push-format.ts";
import { parseJson } from "../../src/text/parse-json.ts";
import { toTraceparent } from "../../src/telemetry/trace-context.ts";
import { noTracer, type Tracer } from "../../src/telemetry/tracer.ts";

export interface EdgeTargetOptions {
  /** Address of the Worker. */
  readonly url: string;
  readonly token: string;
  readonly clock: Clock;
  /** The collection's name there, and the key of what is pushed. */
  readonly collection: string;
  readonly key: string;
  /** Absent: the Worker is told of no place in a trace. */
  readonly tracer?: Tracer;
}

/** Every call may be repeated: what has arrived is left alone. */
export interface PushTarget {
  begin(info: CollectionInfo, signal: AbortSignal): Promise<PushAnswer>;
  /** Hashes of the documents that have arrived, by id. */
  arrived(signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Sends lines of documents. */
  send(lines: readonly string[], signal: AbortSignal): Promise<void>;
  publish(whole: PushEnd, signal: AbortSignal): Promise<void>;
}

const ATTEMPTS_MAX = 5;
const ATTEMPT_TIMEOUT_MS = 60_000;
/** What may be otherwise a moment later. */
const RETRIES_MAX: RetriesMax = {
  upstream_unavailable: ATTEMPTS_MAX,
  store_unavailable: ATTEMPTS_MAX,
  collection_unavailable: ATTEMPTS_MAX,
  overloaded: ATTEMPTS_MAX,
  deadline_exceeded: ATTEMPTS_MAX,
  internal: 1,
};

const Problem = z.object({ code: z.enum(ERROR_CODES), detail: z.string() });

/** Creates the target. Throws AppError invalid_request for an address that is none. */
export function createEdgeTarget(options: EdgeTargetOptions): PushTarget {
  const { collection, key } = options;
  const base = `${toOrigin(options.url)}/v1/admin/collections/${collection}/pushes`;
  const call = createCall(options);
  return {
    begin: async (info, signal) =>
      call(base, { method: "POST", body: toPushStart(key, info) }, PushAnswer, signal),
    async arrived(signal) {
      const hashes = new Map<string, string>();
      for (let after: string | undefined; ;) {
        const query = after === undefined ? "" : `?after=${encodeURIComponent(after)}`;
        const address = `${base}/${key}/documents${query}`;
        const { documents } = await call(address, { method: "GET" }, PushPage, signal);
        for (const { id, hash } of documents) hashes.set(id, hash);
        after = documents.at(-1)?.id;
        if (after === undefined) return hashes;
      }
    },
    async send(lines, signal) {
      const body = lines.join("\n");
      await call(`${base}/${key}/documents`, { method: "POST", body }, PushBatch, signal);
    },
    async publish(whole, signal) {
      const body = JSON.stringify(whole);
      await call(`${base}/${key}/publish`, { method: "POST", body }, PushAnswer, signal);
    },
  };
}

function toOrigin(url: string): string {
  const parsed = URL.parse(url);
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) {
    // What is copied out of a browser may have more to it, and fetch takes no address with a name and a password.
    const { origin, pathname, href } = parsed;
    if (href === `${origin}${pathname}`) return href.replace(/\/+$/, "");
  }
  throw new AppError("invalid_request", {
    detail: "--url takes the address of a Worker, such as https://tributary.example.workers.dev",
  });
}

interface Sent {
  readonly method: string;
  readonly body?: string;
}

function createCall({ token, clock, tracer = noTracer }: EdgeTargetOptions) {
  return async <T>(url: string, sent: Sent, schema: z.ZodType<T>, signal: AbortSignal) =>
    retry(
      async () => {
        using deadline = startDeadline({ clock, budgetMs: ATTEMPT_TIMEOUT_MS, parent: signal });
        const traceparent = toTraceparent(tracer.current());
        const headers = {
          Authorization: `Bearer ${token}`,
          "Content-Type": "application/json",
          ...(traceparent === undefined ? {} : { traceparent }),
        };
        return await once(url, { ...sent, headers, signal: deadline.signal }, schema);
      },
      { attemptsMax: ATTEMPTS_MAX, clock, signal, retriesMax: RETRIES_MAX },
    );
}

async function once<T>(url: string, init: RequestInit, schema: z.ZodType<T>): Promise<T> {
  const { status, text } = await fetchText(url, init);
  const body = parseJson(text);
  if (status < 300) {
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
  }
  const problem = Problem.safeParse(body);
  throw problem.success ? toFailure(problem.data) : toForeign(status);
}

/** An answer that is not the Worker's own. */
function toForeign(status: number): AppError {
  if (status >= 300 && status < 400) {
    return new AppError("upstream_bad_response", {
      detail: `the address at --url is redirected (status ${status}): give the one it leads to, with https`,
    });
  }
  // What the platform says in place of a Worker that is restarted, or has used up a limit.
  if (status === 429 || status >= 500) {
    return new AppError("upstream_unavailable", {
      detail: `the Worker at --url did not come to answer (status ${status}): push again`,
    });
  }
  return new AppError("upstream_bad_response", {
    detail: `what answers at --url is no Worker of this service (status ${status})`,
  });
}

function toFailure({ code, detail }: z.infer<typeof Problem>): AppError {
  if (code === "not_found") {
    return new AppError("upstream_bad_response", {
      detail:
        "the service at --url takes no pushes: it is on Node, or a Worker that reads a LanceDB server",
    });
  }
  if (code === "unauthenticated") {
    return new AppError(code, {
      detail: "ADMIN_TOKEN here is not the ADMIN_TOKEN of the Worker at --url",
    });
  }
  // Settings have the same names here and there.
  const whose = code === "misconfigured" ? "the Worker at --url says: " : "";
  return new AppError(code, { detail: `${whose}${detail}` });
}

async function fetchText(
  url: string,
  init: RequestInit,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    // Followed nowhere: the token is for this address.
    const response = await fetch(url, { ...init, redirect: "manual" });
    return { status: response.status, text: await response.text() };
  } catch (thrown) {
    if (init.signal?.aborted === true) throw init.signal.reason;
    throw new AppError("upstream_unavailable", {
      detail: "the Worker at --url cannot be reached, or the connection broke",
      cause: thrown,
    });
  }
}
