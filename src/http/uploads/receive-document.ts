/** Takes the body of an upload: the file itself, or a form with one file. */
import type { Format } from "../../domain/format.ts";
import { AppError } from "../../errors.ts";
import { checkHead, chooseFormat } from "./document-type.ts";
import type { DocumentChange, DocumentWriter, Upload } from "./document-writer.ts";
import { FORM_BYTES, readForm } from "./read-form.ts";

export interface ReceiveDeps {
  readonly writer: DocumentWriter;
  readonly bytesMax: number;
  /** Throws when the caller may not write any more. */
  readonly checkAgain: () => Promise<void>;
}

export interface Received {
  readonly upload: Upload;
  readonly format: Format;
}

/**
 * The document on disk, whole and of the type it claims. Throws what `checkAgain` throws, and AppError: payload_too_large,
 * unsupported_media_type, document_unreadable, invalid_request, cancelled.
 */
export async function receiveDocument(
  deps: ReceiveDeps,
  request: Request,
  { documentId, callerId }: Pick<DocumentChange, "documentId" | "callerId">,
): Promise<Received> {
  const { bytesMax } = deps;
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
    const {
      name,
      type: ofFile,
      content,
    } = await readForm(request, bytesMax, () => toTooLarge(bytesMax));
    return keep(deps, content, chooseFormat(documentId, name, ofFile), callerId);
  }
  const format = chooseFormat(documentId, undefined, type);
  return keep(deps, request.body, format, callerId);
}

/** A document that has more bytes than may be. */
function toTooLarge(bytesMax: number): AppError {
  return new AppError("payload_too_large", {
    detail: `a document may have at most ${bytesMax} bytes`,
  });
}

async function keep(
  { writer, bytesMax, checkAgain }: ReceiveDeps,
  body: AsyncIterable<Uint8Array> | null,
  format: Format,
  callerId: string,
): Promise<Received> {
  if (body === null) checkHead(new Uint8Array(), format);
  const upload = await writer.receive(body ?? new Blob([]).stream(), bytesMax, callerId);
  try {
    checkHead(upload.head, format);
    await checkAgain();
    return { upload, format };
  } catch (thrown) {
    await upload.discard();
    throw thrown;
  }
}
