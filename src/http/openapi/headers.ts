/** Every header that a route reads or sets, and what it means. */
import * as z from "zod";
import { SAFETY_HEADERS } from "../guards/guards.ts";

interface Header {
  readonly description: string;
  readonly schema: z.ZodType<string>;
}

const text = (description: string): Header => ({ description, schema: z.string() });

export const REQUEST_HEADERS = {
  "X-Request-Id": text(
    "An id of your own for this request: 1 to 64 letters, digits, `_`, `.` and `-`. Any other value is replaced.",
  ),
  traceparent: text("Your place in a trace (W3C Trace Context), which the run's spans go on from."),
  "X-Request-Timeout-Ms": {
    description: "Milliseconds the run may take; the smaller of it and `deadlineMs` counts.",
    schema: z.string().regex(/^[1-9]\d{0,8}$/),
  },
  "Idempotency-Key": {
    description:
      "The same key with the same body is the same run, however often it is sent. With another body it is refused.",
    schema: z.string().regex(/^[\x21-\x7e]{1,255}$/),
  },
  Prefer: text(
    "`respond-async`: an address instead of an answer. `keep-run`: the run goes on when you leave.",
  ),
  "Last-Event-ID": {
    description: "The id of the last event you have; those after it are sent. Absent: all.",
    schema: z.string().regex(/^\d{1,15}$/),
  },
  "If-None-Match": text(
    "The `ETag` of what you have; 304 when it is still the same. For a write `*`: the document must not be there.",
  ),
  "If-Match": text("The `ETag` that the document must have, or `*`: it must be there."),
  "Mcp-Protocol-Version": text("The revision of the Model Context Protocol that you speak."),
} as const satisfies Record<string, Header>;
export type RequestHeader = keyof typeof REQUEST_HEADERS;

/** Read on every route. */
export const COMMON_REQUEST_HEADERS = ["X-Request-Id", "traceparent"] as const;

export const RESPONSE_HEADERS = {
  "X-Run-Id": text("The run, for `GET /v1/runs/{id}`."),
  "X-Cache": text(
    "The run was not this request's own: `shared` with another under way, or a `hit` among the kept answers.",
  ),
  "X-Degraded": text("What the run has done without so far: the codes of `degraded`."),
  "Server-Timing": text("Where the run's time went, for a browser's tools."),
  "Preference-Applied": text("Which wish of `Prefer` was heeded."),
  Location: text("The address of the run."),
  "Retry-After": text("Seconds to wait before the same request may succeed."),
  "Retry-After-Ms": text("The same in milliseconds, where it is known."),
  "X-Should-Retry": text("`false`: the same request would fail again; OpenAI's clients heed it."),
  "X-Error-Code": text("The code of the error, whose body is one sentence."),
  "X-Accel-Buffering": text("`no`: a proxy must pass the stream on as it comes."),
  "x-vercel-ai-ui-message-stream": text("`v1`: the version of the AI SDK's stream."),
  ETag: text("Changes with the content."),
  Allow: text("The methods that the address takes."),
} as const satisfies Record<string, Header>;
export type ResponseHeader = keyof typeof RESPONSE_HEADERS;

/** What a response about a run says of it. */
export const RUN_HEADERS = [
  "X-Run-Id",
  "X-Cache",
  "X-Degraded",
  "Server-Timing",
  "Preference-Applied",
] as const;
export const STREAM_HEADERS = [...RUN_HEADERS, "X-Accel-Buffering"] as const;

/** Set on every response, but for those of keys, which only a service with keys has. */
export const COMMON_RESPONSE_HEADERS: Readonly<Record<string, Header>> = {
  "X-Request-Id": text("The id of this request, for the log: your own, or one made for it."),
  "Cache-Control": text("`no-store`, but for pages."),
  Vary: text("`Origin`, where pages of other origins may call."),
  RateLimit: text("For a key with a limit: what is left, and when it is whole again."),
  "RateLimit-Policy": text("For a key with a limit: how many requests it may send in which time."),
  "WWW-Authenticate": text("With 401: how a key is sent."),
  ...Object.fromEntries(
    Object.keys(SAFETY_HEADERS).map((name) => [name, text("Closes a door to browsers.")]),
  ),
};
