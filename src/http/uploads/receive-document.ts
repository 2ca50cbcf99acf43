/** Takes the body of an upload: the file itself, or a form with one file. */
import type { Format } from "../../domain/format.ts";
import type { Limiter } from "../../async/limiter.ts";
import { AppError } from "../../errors.ts";
import { checkHead, chooseFormat } from "./document-type.ts";
import type { DocumentWriter, Upload } from "./document-writer.ts";

/** What a form adds to its file. */
const FORM_BYTES = 16 * 1024;

export interface ReceiveDeps {
  readonly writer: DocumentWriter;
  /** Bounds the forms that are in memory. */
  readonly forms: Limiter;
  readonly bytesMax: number;
}

export interface Received {
  readonly upload: Upload;
  readonly format: Format;
}

/**
 * The document on disk, whole and of the type it claims. Throws AppError: payload_too_large, unsupported_media_type,
 * document_unreadable, invalid_request, cancelled.
 */
export async function receiveDocument(
  { writer, forms, bytesMax }: ReceiveDeps,
  request: Request,
  documentId: string,
): Promise<Received> {
  const type = request.headers.get("Content-Type") ?? "";
  const isForm = /^multipart\/form-data\b/i.test(type.trim());
  const length = Number(request.headers.get("Content-Length") ?? 0);
  if (length > bytesMax + (isForm ? FORM_BYTES : 0)) throw toTooLarge(bytesMax);
  if ((request.headers.get("Content-Encoding") ?? "identity") !== "identity") {
    throw new AppError("unsupported_media_type", {
      detail: "send the document without a Content-Encoding",
    });
  }
  if (isForm) {
    return forms(async () => {
      const file = await readForm(request, bytesMax);
      const format = chooseFormat(documentId, file.name, file.type);
      return keep(writer, file.stream(), format, bytesMax);
    }, request.signal);
  }
  const format = chooseFormat(documentId, undefined, type);
  return keep(writer, request.body, format, bytesMax);
}

/** A document that has more bytes than may be. */
function toTooLarge(bytesMax: number): AppError {
  return new AppError("payload_too_large", {
    detail: `a document may have at most ${bytesMax} bytes`,
  });
}

async function keep(
  writer: DocumentWriter,
  body: ReadableStream<Uint8Array> | null,
  format: Format,
  bytesMax: number,
): Promise<Received> {
  if (body === null) checkHead(new Uint8Array(), format);
  const upload = await writer.receive(body ?? new Blob([]).stream(), bytesMax);
  try {
    checkHead(upload.head, format);
    return { upload, format };
  } catch (thrown) {
    await upload.discard();
    throw thrown;
  }
}

/** Held in memory, within the limit. */
async function readForm(request: Request, bytesMax: number): Promise<File> {
  let size = 0;
  let tooLarge = false;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.length;
      tooLarge ||= size > bytesMax + FORM_BYTES;
      if (tooLarge) controller.error(toTooLarge(bytesMax));
      else controller.enqueue(chunk);
    },
  });
  const body = (request.body as ReadableStream<Uint8Array> | null)?.pipeThrough(counter) ?? null;
  const headers = { "Content-Type": request.headers.get("Content-Type") ?? "" };
  let files: File[];
  try {
    const form = await new Response(body, { headers }).formData();
    files = [...form.values()].filter((value) => typeof value !== "string");
  } catch (thrown) {
    if (tooLarge) throw toTooLarge(bytesMax);
    throw new AppError("invalid_request", {
      detail: "the form broke off or is not one",
      cause: thrown,
    });
  }
  const [file] = files;
  if (file !== undefined && files.length === 1) return file;
  throw new AppError("invalid_request", { detail: "a form must hold exactly one file" });
}
