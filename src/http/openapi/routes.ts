/** `GET /openapi.json` and `GET /docs`: what the service can be asked, for programs and for people. */
import type { Context, Hono } from "hono";
import { createMethodRefusal } from "../guards.ts";
import { PLAYGROUND_PATHS } from "../playground.ts";
import type { Env } from "../service.ts";
import { type ApiFacts, createAskBody } from "./names.ts";
import { createOperations } from "./operations.ts";
import { type OpenApi, toOpenApi } from "./to-openapi.ts";

/** The document of a service with these limits and abilities. */
export function createOpenApi(facts: ApiFacts): OpenApi {
  const Ask = createAskBody(facts);
  return toOpenApi(createOperations(Ask, PLAYGROUND_PATHS), Ask);
}

interface Page {
  readonly type: string;
  readonly body: string;
  readonly tag: string;
}

/** Adds both addresses. Each text is made when it is first asked for, and then kept. */
export function addApiPages(app: Hono<Env>, facts: ApiFacts): Hono<Env> {
  const texts: Readonly<Record<string, { type: string; make: () => string }>> = {
    "/openapi.json": {
      type: "application/json",
      make: () => `${JSON.stringify(createOpenApi(facts), null, 2)}\n`,
    },
  };
  for (const [path, { type, make }] of Object.entries(texts)) {
    let page: Promise<Page> | undefined;
    app
      .get(path, async (c) => {
        page ??= toPage(type, make());
        return respond(c, await page);
      })
      .all(createMethodRefusal("GET"));
  }
  return app;
}

async function toPage(type: string, body: string): Promise<Page> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  const bytes = [...new Uint8Array(digest).slice(0, 8)];
  return { type, body, tag: bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}

function respond(c: Context<Env>, { type, body, tag }: Page): Response {
  const headers = { "Content-Type": type, "Cache-Control": "no-cache", ETag: `"${tag}"` };
  const isKnown = c.req.header("If-None-Match")?.includes(headers.ETag) === true;
  return isKnown ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
}
