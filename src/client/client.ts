/** The typed client: every route of the service through `hono/client`, and its event stream as typed events. */
import { hc } from "hono/client";
import type { RunEvent } from "../domain/event.ts";
import type { AppType } from "../http/openapi/app-type.ts";
import type { AskInput } from "../http/openapi/names.ts";
import { type EventOptions, readRun } from "./read-run.ts";

/** The entry of the package: who catches what `streamAsk` throws has it from here. */
export { BrokenOffError, RefusedError } from "./read-run.ts";

export interface ClientOptions {
  /** Sent as `Authorization: Bearer …`. */
  readonly key?: string;
  /** Instead of the runtime's own. */
  readonly fetch?: typeof fetch;
}

/** The routes by path, as `hono/client` has them: `client.v1.ask.$post({ json: { question } })`. */
export type Client = ReturnType<typeof hc<AppType>>;

/** Creates the client of the service at this address, e.g. `http://127.0.0.1:8787`. */
export function createClient(url: string, { key, fetch: send }: ClientOptions = {}): Client {
  return hc<AppType>(url, {
    ...(key === undefined ? {} : { headers: { Authorization: `Bearer ${key}` } }),
    ...(send === undefined ? {} : { fetch: send }),
  });
}

export interface StreamOptions extends EventOptions {
  /** For the first request, such as `Idempotency-Key`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks, and gives the run's events as they happen. The run is kept by the service when the connection drops, and
 * gone on with from the last event there was; it is cancelled when the iteration is left or the signal aborts.
 * Throws RefusedError, BrokenOffError, or the signal's reason.
 */
export function streamAsk(
  client: Client,
  ask: AskInput,
  { headers = {}, ...options }: StreamOptions = {},
): AsyncGenerator<RunEvent, void> {
  const accept = { Accept: "text/event-stream" };
  return readRun(
    {
      open: (signal) =>
        client.v1.ask.$post(
          { json: ask },
          { headers: { Prefer: "keep-run", ...headers, ...accept }, init: { signal } },
        ),
      resume: (id, lastEventId, signal) =>
        client.v1.runs[":id"].events.$get(
          { param: { id } },
          { headers: { ...accept, "Last-Event-ID": lastEventId }, init: { signal } },
        ),
      cancel: (id) => cancelRun(client, id),
    },
    options,
  );
}

/** Cancels a run. A service that cannot be reached any more ends it at its deadline. */
async function cancelRun(client: Client, runId: string): Promise<void> {
  try {
    await client.v1.runs[":id"].$delete({ param: { id: runId } });
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
  }
}
