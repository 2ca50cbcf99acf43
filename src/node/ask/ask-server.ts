/** Asks a running server and reads its event stream. */
import * as z from "zod";
import type { RunEvent } from "../../domain/event.ts";
import { Explanation } from "../../domain/explanation.ts";
import { AppError } from "../../errors.ts";
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
  const asking = { path: "/v1/ask", accept: "text/event-stream", body };
  const response = await send(server, asking, signal);
  if (response.ok && response.body !== null) return readEvents(response.body);
  return refuse(response);
}

/** How far a document came there. Throws as `askServer` does, and AppError upstream_bad_response. */
export async function explainOnServer(
  server: Server,
  body: object,
  signal: AbortSignal,
): Promise<Explanation> {
  const asking = { path: "/v1/explain", accept: "application/json", body };
  const response = await send(server, asking, signal);
  if (!response.ok) return refuse(response);
  try {
    return Explanation.parse(await response.json());
  } catch (thrown) {
    throw new AppError("upstream_bad_response", {
      detail: "the server's explanation is of a form this version does not know",
      cause: thrown,
    });
  }
}

async function refuse(response: Response): Promise<never> {
  const location = response.headers.get("Location");
  if (location !== null && URL.canParse(location, response.url)) {
    const { href } = new URL(location, response.url);
    throw new AppError("upstream_unavailable", {
      detail: `the server answered ${response.status} and names another address; if it is the right one, ask there: --url ${href}`,
    });
  }
  const problem = Problem.safeParse(await response.json().catch(() => undefined));
  const detail = problem.success ? problem.data.detail : "without saying why; is it Tributary?";
  throw new AppError(response.status === 400 ? "invalid_request" : "upstream_unavailable", {
    detail:
      response.status === 401
        ? "the server asks for a key, and there is none or a wrong one in API_KEY"
        : `the server answered ${response.status}: ${detail}`,
  });
}

interface Asking {
  readonly path: string;
  readonly accept: string;
  readonly body: object;
}

async function send(
  { url, apiKey }: Server,
  { path, accept, body }: Asking,
  signal: AbortSignal,
): Promise<Response> {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new AppError("invalid_request", {
      detail: "--url takes the address of a server, such as http://127.0.0.1:8787",
    });
  }
  try {
    return await fetch(new URL(path, url), {
      method: "POST",
      // A question and a key go where the caller said, and nowhere else; some redirects would make a GET of it besides.
      redirect: "manual",
      headers: {
        "Content-Type": "application/json",
        Accept: accept,
        ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      signal,
    });
  } catch (thrown) {
    throw new AppError("upstream_unavailable", {
      detail: `no server can be reached at ${new URL(url).origin}${toReason(thrown)}; is it running?`,
      cause: thrown,
    });
  }
}

/** The system's code: a name that is unknown and a certificate that is not trusted are no matter of running. */
function toReason(thrown: unknown): string {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? ` (${code})` : "";
}
