/** Collections and the documents in them. */
import * as z from "zod";
import { COLLECTION_NAME } from "../../domain/collection.ts";
import { DocumentReceipt, UploadEvent } from "../../domain/upload-event.ts";
import type { ErrorCode } from "../../errors.ts";
import { DocumentList } from "../list-documents.ts";
import { DocumentText } from "../read-document.ts";
import { DOCUMENTS_MAX } from "../routes/document-list.ts";
import { Collection, CollectionList } from "./bodies.ts";
import { STORE_ERRORS } from "./errors.ts";
import { describe } from "./operation.ts";

const name = z.string().describe("The collection's name.");
/** What is written may be new, and gets a name that the store takes. */
const newName = name.regex(COLLECTION_NAME);
const id = z.string().describe("The document's id, percent-encoded.");
/** It travels as digits, and a program that is made from the description has a number there. */
const number = (minimum: number, maximum?: number) =>
  z.string().meta({ type: "integer", minimum, ...(maximum === undefined ? {} : { maximum }) });

const RECEIPT = {
  200: {
    description: "What came of it, or the steps to it.",
    json: DocumentReceipt,
    events: UploadEvent,
    headers: ["ETag"],
  },
} as const;
/** Reading the file, embedding it and writing the store may fail. */
const WRITE_ERRORS: readonly ErrorCode[] = [
  ...STORE_ERRORS,
  "invalid_request",
  "not_acceptable",
  "collection_not_found",
  // A document that is not there, or an id with a line break, which is no address.
  "not_found",
  "precondition_failed",
  "ingest_locked",
  "ingest_failed",
  "embedder_mismatch",
  "embedding_invalid",
  "upstream_bad_response",
  "upstream_config",
  "upstream_rate_limited",
  "upstream_stalled",
  "upstream_unavailable",
  "store_full",
  "store_read_only",
  "draining",
  // Where documents are not taken.
  "method_not_allowed",
];

const LISTS = {
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
  listDocuments: describe({
    method: "get",
    path: "/v1/collections/:name/documents",
    tag: "Collections",
    summary: "List the documents of a collection",
    description:
      "Page by page, in the order of their ids. A document that is there all the while is on exactly one page, whatever is stored and deleted meanwhile.",
    params: { name },
    query: z.object({
      prefix: z.string().optional().describe("Only documents whose id begins with this."),
      after: z.string().optional().describe("The `next` of the page before; absent: the first."),
      limit: number(1, DOCUMENTS_MAX).optional().describe("Documents on a page; 100 by default."),
    }),
    replies: { 200: { description: "A page of documents.", json: DocumentList } },
    errors: [...STORE_ERRORS, "collection_not_found", "not_acceptable", "invalid_request"],
  }),
};

const WRITES = {
  putDocument: describe({
    method: "put",
    path: "/v1/collections/:name/documents/:id",
    tag: "Collections",
    summary: "Store a document",
    description:
      "Whole or not at all. The collection is made when there is none of its name. The same content again writes nothing.",
    params: { name: newName, id },
    headers: ["If-Match", "If-None-Match"],
    upload: "The file in any format that can be ingested, or a form with this one file.",
    replies: RECEIPT,
    errors: [...WRITE_ERRORS, "document_unreadable"],
  }),
  deleteDocument: describe({
    method: "delete",
    path: "/v1/collections/:name/documents/:id",
    tag: "Collections",
    summary: "Delete a document",
    params: { name: newName, id },
    headers: ["If-Match", "If-None-Match"],
    replies: RECEIPT,
    errors: WRITE_ERRORS,
  }),
};

/** Creates the part of the table. A part of a document has at most `readChunksMax` chunks. */
export const createCollectionOperations = (readChunksMax: number) => ({
  ...LISTS,
  getDocument: describe({
    method: "get",
    path: "/v1/collections/:name/documents/:id",
    tag: "Collections",
    summary: "Read a document",
    description: "A part of a document as it is stored, which is where a citation leads.",
    params: { name, id },
    query: z.object({
      from: number(0).optional().describe("Position of the first chunk, from 0."),
      chunksMax: number(1, readChunksMax).optional().describe("Chunks wanted; absent: the most."),
    }),
    headers: ["If-None-Match"],
    replies: {
      200: { description: "The chunks in reading order.", json: DocumentText, headers: ["ETag"] },
      304: { description: "It is still what you have.", headers: ["ETag"] },
    },
    errors: [
      ...STORE_ERRORS,
      "collection_not_found",
      "not_found",
      "not_acceptable",
      "invalid_request",
    ],
  }),
  ...WRITES,
});
