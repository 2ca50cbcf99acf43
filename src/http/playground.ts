/** `GET /`: the playground, a page to ask from and to see what a run says about itself. */
import type { Context } from "hono";
import { page, script, style, vendor } from "../playground/assets.ts";
import type { Env } from "./service.ts";

/** Nothing from elsewhere, nothing within the page itself, and no one may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface Asset {
  readonly text: string;
  readonly type: string;
}

const ASSETS: Readonly<Record<string, Asset>> = {
  "/": { text: page, type: "text/html; charset=utf-8" },
  "/playground/style.css": { text: style, type: "text/css; charset=utf-8" },
  "/playground/script.js": { text: script, type: "text/javascript; charset=utf-8" },
  "/playground/vendor.js": { text: vendor, type: "text/javascript; charset=utf-8" },
};

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
    };
    return new Response(asset.text, { headers });
  };
}
