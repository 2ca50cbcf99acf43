/** One request as the upstream understands it: what it is for, its body, and the faults it gets. */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { AppError } from "../../src/errors.ts";
import { type Fault, FAULTS, type FaultPlace, type Target } from "./fault.ts";
import { parseFaults } from "./parse-faults.ts";
import type { Plan } from "./plan.ts";
import { hashText } from "./random.ts";

export interface Exchange {
  readonly on: Target;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; empty without a body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly bytesIn: number;
  /** Equal for equal requests. */
  readonly key: string;
  readonly faults: readonly Fault[];
}

/** The header by which a request names its own faults; `none` keeps the rules away from it. */
const HEADER = "x-chaos";
/** The query of an address that a redirect leads to: there is an answer and no fault, so that following shows. */
export const REDIRECTED = "redirected";

/** Throws AppError invalid_request for a body that is not JSON and a header that names no faults. */
export function createExchange(request: IncomingMessage, text: string, plan: () => Plan): Exchange {
  const { url: path = "/", method = "GET", headers } = request;
  const on = toTarget(path);
  return {
    on,
    method,
    path,
    headers,
    body: parseBody(text),
    bytesIn: Buffer.byteLength(text),
    key: `${path} ${text.length} ${hashText(text)}`,
    faults: path.endsWith(`?${REDIRECTED}`)
      ? []
      : (readHeader(headers[HEADER], on) ?? plan().choose(on)),
  };
}

/** By the last words of the path; whatever else is asked for is taken for a look at the models. */
function toTarget(path: string): Target {
  const [plain = ""] = path.split("?", 1);
  if (plain.endsWith("/chat/completions")) return "chat";
  if (plain.endsWith("/embeddings")) return "embeddings";
  return plain.endsWith("/rerank") ? "rerank" : "models";
}

function parseBody(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (thrown) {
    throw new AppError("invalid_request", { detail: "the body is not JSON", cause: thrown });
  }
  throw new AppError("invalid_request", { detail: "the body is not a JSON object" });
}

function readHeader(
  value: string | string[] | undefined,
  on: Target,
): readonly Fault[] | undefined {
  if (value === undefined) return undefined;
  const faults = parseFaults(String(value));
  for (const { name } of faults) {
    const places: readonly FaultPlace[] = FAULTS[name].on;
    if (places.includes(on)) continue;
    const detail = `${HEADER}: ${name} happens on ${places.join(", ")}, not on ${on}`;
    throw new AppError("invalid_request", { detail });
  }
  return faults;
}
