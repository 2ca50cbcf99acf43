/** `GET /v1/collections/:name/documents`: which documents there are, page by page. */
import type { Context } from "hono";
import * as z from "zod";
import { listDocuments } from "../list-documents.ts";
import { chooseRepresentation } from "../request/accept.ts";
import { parseInput } from "../request/issues.ts";
import { createWholeNumber } from "../request/whole-number.ts";
import type { Env, Service } from "../service.ts";

/** Documents of one page. */
export const DOCUMENTS_MAX = 500;
const DOCUMENTS_DEFAULT = 100;

const Query = z.strictObject({
  prefix: z.string().default(""),
  after: z.string().optional(),
  limit: createWholeNumber(1, DOCUMENTS_MAX).default(DOCUMENTS_DEFAULT),
});

export function createDocumentListRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    chooseRepresentation(c.req.header("Accept"), ["application/json"]);
    const asked = parseInput(Query, c.req.query());
    const request = { collection: c.req.param("name") ?? "", ...asked };
    const client = c.req.raw.signal;
    return c.json(await listDocuments(service, request, { caller: c.get("caller"), client }));
  };
}
