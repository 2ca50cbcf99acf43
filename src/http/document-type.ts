/** What an uploaded file is read as: by its id, its file name or its media type, as long as they agree with its bytes. */
import { findFormat, type Format, READABLE } from "../domain/format.ts";
import { AppError } from "../errors.ts";

/** Media types that say something; those of every file, and of every form, do not. */
const MEDIA_TYPES: Readonly<Record<string, Format>> = {
  "text/markdown": "markdown",
  "text/html": "html",
  "application/xhtml+xml": "html",
  "application/pdf": "pdf",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/epub+zip": "epub",
  "text/csv": "csv",
  "text/tab-separated-values": "csv",
  "application/json": "json",
  "application/x-ndjson": "jsonl",
  "application/jsonl": "jsonl",
};
const SILENT = new Set(["", "application/octet-stream", "application/x-www-form-urlencoded"]);
const ZIPPED: ReadonlySet<Format> = new Set(["docx", "pptx", "xlsx", "epub"]);
/** First bytes, in Latin-1, of what is no text. */
const BINARY =
  /^(?:%PDF-|PK\x03\x04|\x89PNG|GIF8|\xff\xd8\xff|\x7fELF|\x1f\x8b|\xd0\xcf\x11\xe0|MZ\x90)/;
const PDF_WITHIN = 1_024;

/** Throws AppError unsupported_media_type: nothing says what it is, or two things say different ones. */
export function chooseFormat(id: string, fileName: string | undefined, mediaType: string): Format {
  const type = mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
  const named = findFormat(id) ?? (fileName === undefined ? undefined : findFormat(fileName));
  const claimed = MEDIA_TYPES[type];
  const isText = type.startsWith("text/") || claimed !== undefined;
  if (!isText && !SILENT.has(type) && named !== "code" && named !== "text") {
    throw refuse(`the type ${toShown(type)} cannot be read; ${READABLE} can`);
  }
  const format = named ?? claimed ?? (type === "text/plain" ? "text" : undefined);
  if (format === undefined) {
    throw refuse(`neither the id nor the type says what the document is; ${READABLE} can be read`);
  }
  const isNear =
    claimed === undefined || claimed === format || format === "text" || format === "code";
  const isBinary = format === "pdf" || ZIPPED.has(format);
  if (!isNear || (isBinary && type === "text/plain")) {
    throw refuse(`the name says ${format} and the type says ${toShown(type)}; make them agree`);
  }
  return format;
}

/** Throws AppError document_unreadable for a file whose first bytes are those of something else. */
export function checkHead(head: Uint8Array, format: Format): void {
  if (head.length === 0) {
    throw new AppError("document_unreadable", {
      detail: "the document is empty; send its content",
    });
  }
  const start = String.fromCharCode(...head.subarray(0, PDF_WITHIN));
  const isTrue =
    format === "pdf"
      ? start.includes("%PDF-")
      : ZIPPED.has(format)
        ? start.startsWith("PK\x03\x04")
        : !BINARY.test(start);
  if (isTrue) return;
  throw new AppError("document_unreadable", {
    detail: `the document is called ${format} and its first bytes are not those of ${format}; name it after what it is`,
  });
}

function refuse(detail: string): AppError {
  return new AppError("unsupported_media_type", { detail });
}

/** A media type of a caller, as far as it is one. */
function toShown(type: string): string {
  return /^[\w.+-]{1,60}\/[\w.+-]{1,80}$/.test(type) ? type : "that was sent";
}
