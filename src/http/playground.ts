/** `GET /`: the playground, a page to ask from and to see what a run says about itself. */
import type { Context } from "hono";
import { ASSETS } from "../playground/assets.ts";
import type { Env } from "./service.ts";

/** Nothing from elsewhere, nothing within the page itself, no HTML made by a script, and no one may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Addresses of the page and its parts. */
export const PLAYGROUND_PATHS = Object.keys(ASSETS);

export function createPlaygroundRoute() {
  return (c: Context<Env>): Response => {
    const asset = ASSETS[c.req.path];
    if (asset === undefined) throw new Error(`${c.req.path} is no part of the playground`);
    const headers = {
      "Content-Type": asset.type,
      "Content-Security-Policy": POLICY,
      "Cache-Control": "no-cache",
      ETag: `"${asset.tag}"`,
    };
    if (c.req.header("If-None-Match")?.includes(headers.ETag) === true) {
      return new Response(null, { status: 304, headers });
    }
    const body = asset.isBytes
      ? Uint8Array.from(atob(asset.text), (sign) => sign.charCodeAt(0))
      : asset.text;
    return new Response(body, { headers });
  };
}
