/** A page, or a part of one, for browsers, which keep it and ask whether it is still the same. */
import type { Context } from "hono";
import { meetsTag } from "../request/meets-tag.ts";
import type { Env } from "../service.ts";

export interface Page {
  readonly type: string;
  /** What the page may load and run. */
  readonly policy?: string | undefined;
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** Changes with the content. */
  readonly tag: string;
}

/** The page, or 304 where the client has it. */
export async function respondWithPage(
  c: Context<Env>,
  { type, policy, body, tag }: Page,
): Promise<Response> {
  const headers: Record<string, string> = {
    "Content-Type": type,
    "Cache-Control": "no-cache",
    ETag: `"${tag}"`,
    ...(policy === undefined ? {} : { "Content-Security-Policy": policy }),
  };
  if (!meetsTag(c.req.header("If-None-Match"), `"${tag}"`)) return new Response(body, { headers });
  if (body instanceof ReadableStream) await body.cancel();
  return new Response(null, { status: 304, headers });
}
