/** `PUT` and `DELETE /v1/collections/:name/documents/:id`: one document, whole or not at all. */
import type { Context } from "hono";
import { COLLECTION_NAME } from "../../domain/collection.ts";
import type { DocumentReceipt, UploadEvent } from "../../domain/upload-event.ts";
import { toHidden } from "../../access/visible-store.ts";
import { AppError, toAppError } from "../../errors.ts";
import { chooseRepresentation } from "../request/accept.ts";
import { checkDocumentId } from "../uploads/check-document-id.ts";
import { checkOrigin } from "../guards/check-origin.ts";
import type { DocumentChange, DocumentWriter } from "../uploads/document-writer.ts";
import { toProblem } from "../response/problem.ts";
import { receiveDocument } from "../uploads/receive-document.ts";
import type { Env, Service } from "../service.ts";
import { createUploadStream, type UploadWork } from "../uploads/upload-stream.ts";

type Route = (c: Context<Env>) => Promise<Response>;

/** Stores the body as this document; the collection is made when there is none of the name. */
export function createPutDocumentRoute(service: Service, writer: DocumentWriter): Route {
  const { uploadBytesMax: bytesMax } = service.config;
  return async (c) => {
    const target = checkTarget(c, service, true);
    const checkAgain = async (): Promise<void> => {
      await c.get("checkAgain")?.();
      checkVisible(c, target.collection);
    };
    const deps = { writer, bytesMax, checkAgain };
    const { upload, format } = await receiveDocument(deps, c.req.raw, target);
    const change = { ...target, put: { path: upload.path, format } };
    const work: UploadWork = async (signal, onStage) => {
      try {
        return await writer.write(change, signal, onStage);
      } finally {
        await upload.discard();
      }
    };
    return respond(c, service, work, {
      type: "upload-start",
      documentId: target.documentId,
      bytes: upload.bytes,
    });
  };
}

/** Deletes the document, or all of those that one file held. */
export function createDeleteDocumentRoute(service: Service, writer: DocumentWriter): Route {
  return async (c) => {
    const target = checkTarget(c, service, false);
    const { documentId } = target;
    const work: UploadWork = (signal, onStage) => writer.write(target, signal, onStage);
    return respond(c, service, work, { type: "upload-start", documentId, bytes: 0 });
  };
}

function checkTarget(
  c: Context<Env>,
  { config, gate, access }: Service,
  isPut: boolean,
): DocumentChange {
  checkOrigin(c.req.raw, config, access?.isOn === true);
  chooseType(c); // refused before the body is read
  if (gate.draining) throw new AppError("draining");
  const collection = c.req.param("name") ?? "";
  const documentId = c.req.param("id") ?? "";
  if (!COLLECTION_NAME.test(collection)) {
    throw new AppError("invalid_request", {
      detail:
        "that is no collection name: 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit",
    });
  }
  checkVisible(c, collection);
  checkDocumentId(documentId, isPut);
  const ifMatch = toTags(c.req.header("If-Match"));
  const ifNoneMatch = toTags(c.req.header("If-None-Match"));
  return {
    callerId: c.get("caller").id,
    collection,
    documentId,
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  };
}

function checkVisible(c: Context<Env>, collection: string): void {
  if (c.get("caller").collections?.has(collection) === false) throw toHidden(collection);
}

function chooseType(c: Context<Env>): string {
  return chooseRepresentation(c.req.header("Accept"), ["application/json", "text/event-stream"]);
}

function toTags(header: string | undefined): readonly string[] | undefined {
  return header?.split(",").map((tag) => tag.trim());
}

async function respond(
  c: Context<Env>,
  service: Service,
  work: UploadWork,
  start: UploadEvent,
): Promise<Response> {
  const client = c.req.raw.signal;
  if (chooseType(c) === "text/event-stream") {
    const toError = (thrown: unknown) => toProblem(toAppError(thrown), c.get("requestId"));
    const stream = createUploadStream(service, { start, work, client, toError });
    return new Response(stream, { headers: { "Content-Type": "text/event-stream" } });
  }
  const receipt: DocumentReceipt = await work(client, () => undefined);
  if (receipt.etag !== undefined) c.header("ETag", receipt.etag);
  return c.json(receipt);
}
