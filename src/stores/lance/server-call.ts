/** One request to a LanceDB server, under the call policy of all of them: breaker → slot → time limit, repeated where that may help. */
import type { Clock } from "../../async/clock.ts";
import { startDeadline, toAbortError } from "../../async/deadline.ts";
import { createGate } from "../../async/gate.ts";
import { createLimiter } from "../../async/limiter.ts";
import { retry } from "../../async/retry.ts";
import type { UpstreamRegistry } from "../../async/upstream-stats.ts";
import { withoutReason } from "../../async/without-reason.ts";
import { createCallPolicy } from "../../call-policy.ts";
import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import { readBytes } from "../../text/read-bytes.ts";
import { toBadAnswer, toLostConnection, toOutward, toRefusal, toStall } from "./server-errors.ts";

export interface ServerOptions {
  readonly config: Config;
  /** LANCE_URL. */
  readonly url: string;
  readonly clock: Clock;
  /** Where the counts of the calls can be read. */
  readonly upstreams: UpstreamRegistry;
}

export interface ServerRequest<T> {
  readonly method: "GET" | "POST";
  /** From `/v1/` on. */
  readonly path: string;
  /** Named in the error when it is not there. */
  readonly table?: string;
  readonly body?: unknown;
  /** How long the server may work on it. */
  readonly timeoutMs?: number;
  /** Reads the answer; RangeError and SyntaxError are the server's fault. */
  readonly read: (bytes: Uint8Array) => T;
}

/** Throws AppError: store_unavailable, misconfigured, collection_not_found, overloaded, and the signal's reason. */
export type ServerCall = <T>(request: ServerRequest<T>, signal: AbortSignal) => Promise<T>;

/** Creates the calls to one server. */
export function createServerCall(options: ServerOptions): ServerCall {
  const { config, clock } = options;
  const names = { name: "store lance", source: "the LanceDB server" };
  const { breaker, retry: policy, count } = createCallPolicy(names, options);
  const limit = createLimiter({
    concurrencyMax: config.lanceConcurrencyMax,
    queueMax: config.storeQueueMax,
  });
  const gate = createGate({ clock, limit, breaker, count });
  return async (request, signal) => {
    if (signal.aborted) throw toAbortError(signal.reason);
    // One for all attempts, so that the server can tell that they are one.
    const sent = toSent(request, config);
    const attempt = () =>
      gate(() => send(request, sent, options, signal), { signal, tokens: () => 0 });
    try {
      return await retry(attempt, { ...policy, signal });
    } catch (thrown) {
      if (signal.aborted) throw toAbortError(signal.reason);
      throw toOutward(thrown);
    }
  };
}

type Sent = Pick<RequestInit, "method" | "headers" | "body" | "redirect">;

function toSent<T>({ method, body, timeoutMs }: ServerRequest<T>, config: Config): Sent {
  const headers = new Headers({ "user-agent": "tributary", "x-request-id": crypto.randomUUID() });
  const { lanceApiKey, lanceDatabase } = config;
  if (lanceApiKey !== undefined) headers.set("x-api-key", lanceApiKey);
  if (lanceDatabase !== undefined) headers.set("x-lancedb-database", lanceDatabase);
  if (timeoutMs !== undefined) headers.set("x-request-timeout-ms", String(Math.ceil(timeoutMs)));
  if (body === undefined) return { method, headers, redirect: "manual" };
  headers.set("content-type", "application/json");
  return { method, headers, body: JSON.stringify(body), redirect: "manual" };
}

/** One attempt under its own time limit, the reading of the answer included. */
async function send<T>(
  { path, table, read }: ServerRequest<T>,
  sent: Sent,
  { config, url, clock }: ServerOptions,
  signal: AbortSignal,
): Promise<T> {
  const budgetMs = config.lanceAttemptTimeoutMs;
  using deadline = startDeadline({ clock, budgetMs, parent: signal });
  try {
    const address = `${url.replace(/\/+$/, "")}${path}`;
    const response = await fetch(address, {
      ...sent,
      signal: withoutReason(deadline.signal),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw toRefusal(response, table);
    }
    const bytesMax = config.lanceAnswerBytesMax;
    const toTooLong = () =>
      toBadAnswer(`sent more than ${bytesMax} bytes (LANCE_ANSWER_BYTES_MAX)`);
    return read(await readBytes(response.body, bytesMax, toTooLong));
  } catch (thrown) {
    if (signal.aborted) throw toAbortError(signal.reason);
    if (deadline.signal.aborted) throw toStall(budgetMs);
    if (thrown instanceof AppError) throw thrown;
    if (thrown instanceof RangeError || thrown instanceof SyntaxError) {
      throw toBadAnswer("sent something that is not of its protocol", thrown);
    }
    throw toLostConnection(thrown);
  }
}
