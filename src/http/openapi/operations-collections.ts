/** Collections and the documents in them. */
import * as z from "zod";
import { DocumentText } from "../read-document.ts";
import { Collection, CollectionList } from "./bodies.ts";
import { STORE_ERRORS } from "./errors.ts";
import { describe } from "./operation.ts";

const name = z.string().describe("The collection's name.");
const Digits = z.string().regex(/^\d{1,16}$/);

export const collectionOperations = {
  listCollections: describe({
    method: "get",
    path: "/v1/collections",
    tag: "Collections",
    summary: "List the collections",
    description: "One that cannot be opened is in the list, with the reason.",
    replies: { 200: { description: "Every collection, by name.", json: CollectionList } },
    errors: STORE_ERRORS,
  }),
  getCollection: describe({
    method: "get",
    path: "/v1/collections/:name",
    tag: "Collections",
    summary: "Look at a collection",
    params: { name },
    replies: { 200: { description: "What it holds and how it was built.", json: Collection } },
    errors: [...STORE_ERRORS, "collection_not_found"],
  }),
  getDocument: describe({
    method: "get",
    path: "/v1/collections/:name/documents/:id",
    tag: "Collections",
    summary: "Read a document",
    description: "A part of a document as it is stored, which is where a citation leads.",
    params: { name, id: z.string().describe("The document's id, percent-encoded.") },
    query: z.object({
      from: Digits.optional().describe("Position of the first chunk, from 0."),
      chunksMax: Digits.optional().describe("Chunks wanted, at most `READ_CHUNKS_MAX`."),
    }),
    replies: { 200: { description: "The chunks in reading order.", json: DocumentText } },
    errors: [
      ...STORE_ERRORS,
      "collection_not_found",
      "not_found",
      "not_acceptable",
      "invalid_request",
    ],
  }),
};
