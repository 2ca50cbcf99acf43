/** `GET /openapi.json` and `GET /docs`: what the service can be asked, for programs and for people. */
import type { Hono } from "hono";
import { createMethodRefusal } from "../guards/guards.ts";
import { PLAYGROUND_PATHS } from "../routes/playground.ts";
import { type Page, respondWithPage } from "../response/page-response.ts";
import type { Env } from "../service.ts";
import type { Examples } from "./docs/examples.ts";
import { DOCS_POLICY, toDocsPage } from "./docs/page.ts";
import { STYLE } from "./docs/style.ts";
import { type ApiFacts, createAskBody, createExplainBody } from "./names.ts";
import { createOperations } from "./operations.ts";
import { type OpenApi, toOpenApi } from "./to-openapi.ts";
import { toSha256 } from "../../text/digest.ts";

const TAG_DIGITS = 16;

/** The document of a service with these limits and abilities. */
export function createOpenApi(facts: ApiFacts): OpenApi {
  const bodies = { Ask: createAskBody(facts), Explain: createExplainBody(facts) };
  const { putDocument, deleteDocument, ...reading } = createOperations(bodies, {
    pages: PLAYGROUND_PATHS,
    readChunksMax: facts.config.readChunksMax,
  });
  const writing = facts.takesDocuments ? { putDocument, deleteDocument } : {};
  return toOpenApi({ ...reading, ...writing }, bodies);
}

interface Source extends Pick<Page, "type" | "policy"> {
  readonly make: () => string | Promise<string>;
}

/** Adds both addresses. Each text is made when it is first asked for, and then kept. */
export function addApiPages(app: Hono<Env>, facts: ApiFacts, examples: Examples = {}): Hono<Env> {
  const sources: Readonly<Record<string, Source>> = {
    "/openapi.json": {
      type: "application/json",
      make: () => `${JSON.stringify(createOpenApi(facts), null, 2)}\n`,
    },
    "/docs": {
      type: "text/html; charset=utf-8",
      policy: DOCS_POLICY,
      make: () => toDocsPage(createOpenApi(facts), examples),
    },
    "/docs/style.css": { type: "text/css; charset=utf-8", make: () => STYLE },
  };
  for (const [path, source] of Object.entries(sources)) {
    let page: Page | undefined;
    app
      .get(path, async (c) => {
        // Kept when it is there: on a Worker what one request waits for is not another's.
        page ??= await toPage(source);
        return respondWithPage(c, page);
      })
      .all(createMethodRefusal("GET"));
  }
  return app;
}

async function toPage({ type, policy, make }: Source): Promise<Page> {
  const body = await make();
  const tag = (await toSha256(body)).slice(0, TAG_DIGITS);
  return { type, policy, body, tag };
}
