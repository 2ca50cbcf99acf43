/** `GET /v1/collections/:name/documents/:id`: the text of a document, which is where a citation leads. */
import type { Context } from "hono";
import * as z from "zod";
import { chooseRepresentation } from "../request/accept.ts";
import { parseInput } from "../request/issues.ts";
import { meetsTag } from "../request/meets-tag.ts";
import { createWholeNumber } from "../request/whole-number.ts";
import { readDocument } from "../read-document.ts";
import type { Env, Service } from "../service.ts";

/** `from` is the position of the first chunk; a part ends after `chunksMax` of them, and says where to read on. */
export function createDocumentRoute(service: Service) {
  const Query = createQuerySchema(service.config.readChunksMax);
  return async (c: Context<Env>): Promise<Response> => {
    chooseRepresentation(c.req.header("Accept"), ["application/json"]);
    const asked = parseInput(Query, c.req.query());
    const collection = c.req.param("name") ?? "";
    const documentId = c.req.param("id") ?? "";
    const request = { collection, documentId, ...asked };
    const client = c.req.raw.signal;
    const { etag, ...text } = await readDocument(service, request, {
      caller: c.get("caller"),
      client,
    });
    if (etag !== undefined) c.header("ETag", etag);
    const isKnown = etag !== undefined && meetsTag(c.req.header("If-None-Match"), etag);
    return isKnown ? c.body(null, 304) : c.json(text);
  };
}

function createQuerySchema(chunksMax: number) {
  return z.strictObject({
    from: createWholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
    chunksMax: createWholeNumber(1, chunksMax).default(chunksMax),
  });
}
