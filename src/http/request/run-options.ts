/** How a caller wants a run handled beside its question: the headers Prefer and Idempotency-Key. */
import type { Context } from "hono";
import { toKey } from "../../json/to-key.ts";
import { toSha256 } from "../../text/digest.ts";
import { refuse } from "./issues.ts";
import type { RequestKey } from "../runs/archive.ts";
import type { Env } from "../service.ts";

export interface RunOptions {
  /** `Prefer: respond-async`: an address instead of an answer. */
  readonly isAsync: boolean;
  /** `Prefer: keep-run` or `respond-async`: the run goes on when the client leaves. */
  readonly isKept: boolean;
  readonly key?: RequestKey;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** Reads the headers; `body` is what the key stands for, in whatever order its fields are. Throws AppError invalid_request. */
export async function readRunOptions(c: Context<Env>, body: unknown): Promise<RunOptions> {
  const preferences = (c.req.header("Prefer") ?? "")
    .split(/[,;]/)
    .map((part) => part.trim().toLowerCase());
  const isAsync = preferences.includes("respond-async");
  const name = c.req.header("Idempotency-Key");
  const options = { isAsync, isKept: isAsync || preferences.includes("keep-run") };
  if (name === undefined) return options;
  if (!KEY.test(name)) {
    throw refuse("Idempotency-Key", "must be 1 to 255 visible ASCII characters without spaces");
  }
  return { ...options, key: { name, fingerprint: await toSha256(toKey([c.req.path, body])) } };
}

/** Says in the response which preference was heeded (RFC 7240, section 3). */
export function applyPreference(response: Response, { isAsync, isKept }: RunOptions): void {
  if (!isKept) return;
  response.headers.set("Preference-Applied", isAsync ? "respond-async" : "keep-run");
}
