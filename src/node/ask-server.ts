/** Asks a running server and reads its event stream. */
import * as z from "zod";
import type { RunEvent } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import { readEvents } from "./read-events.ts";

/** What is needed of a problem response; everything else may change. */
const Problem = z.object({ detail: z.string() });

/** Where it is asked, and the key that is shown there. */
export interface Server {
  readonly url: string;
  readonly apiKey?: string | undefined;
}

/** The events of the run. Throws AppError: invalid_request, upstream_unavailable, or what the server refused. */
export async function askServer(
  server: Server,
  body: object,
  signal: AbortSignal,
): Promise<AsyncIterable<RunEvent>> {
  const response = await send(server, body, signal);
  if (response.ok && response.body !== null) return readEvents(response.body);
  const problem = Problem.safeParse(await response.json().catch(() => undefined));
  const detail = problem.success ? problem.data.detail : "without saying why; is it Tributary?";
  throw new AppError(response.status === 400 ? "invalid_request" : "upstream_unavailable", {
    detail: `the server answered ${response.status}: ${detail}`,
  });
}

async function send({ url, apiKey }: Server, body: object, signal: AbortSignal): Promise<Response> {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new AppError("invalid_request", {
      detail: "--url takes the address of a server, such as http://127.0.0.1:8787",
    });
  }
  try {
    return await fetch(new URL("/v1/ask", url), {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "text/event-stream",
        ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      signal,
    });
  } catch (thrown) {
    throw new AppError("upstream_unavailable", {
      detail: `no server can be reached at ${new URL(url).origin}; is it running?`,
      cause: thrown,
    });
  }
}
