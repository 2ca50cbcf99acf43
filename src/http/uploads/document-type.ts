/** What an uploaded file is read as: by its id, its file name or its media type, as long as they agree with its bytes. */
import { findFormat, type Format, READABLE } from "../../domain/format.ts";
import { AppError } from "../../errors.ts";
import { toHex } from "../../text/hex.ts";

/** Media types that say something; those of every file, and of every form, do not. */
const MEDIA_TYPES: Readonly<Record<string, Format>> = {
  "text/markdown": "markdown",
  "text/html": "html",
  "application/xhtml+xml": "html",
  "application/pdf": "pdf",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.presentationml.slideshow": "pptx",
  "application/vnd.ms-word.document.macroenabled.12": "docx",
  "application/vnd.ms-powerpoint.presentation.macroenabled.12": "pptx",
  "application/vnd.ms-excel.sheet.macroenabled.12": "xlsx",
  "application/vnd.oasis.opendocument.text": "odt",
  "application/vnd.oasis.opendocument.presentation": "odp",
  "application/vnd.oasis.opendocument.spreadsheet": "ods",
  "application/rtf": "rtf",
  "text/rtf": "rtf",
  "application/epub+zip": "epub",
  "message/rfc822": "email",
  "application/vnd.ms-outlook": "outlook",
  "application/mbox": "mailbox",
  "text/x-rst": "rst",
  "text/prs.fallenstein.rst": "rst",
  "text/csv": "csv",
  "text/tab-separated-values": "csv",
  "application/json": "json",
  "application/x-ndjson": "jsonl",
  "application/jsonl": "jsonl",
  "application/x-ipynb+json": "notebook",
  "application/x-subrip": "subtitles",
  "text/vtt": "subtitles",
};
const SILENT = new Set([
  "",
  "*/*",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
]);
/** Text whatever it is called. */
const PLAIN: ReadonlySet<Format> = new Set(["text", "code", "rst"]);
const ZIPPED: ReadonlySet<Format> = new Set(["docx", "pptx", "xlsx", "odt", "odp", "ods", "epub"]);
const ZIP_START = "504b0304";
const OUTLOOK_START = "d0cf11e0";
/** First bytes, in hexadecimal, of what is no text: PDF, zip, PNG, GIF, JPEG, ELF, gzip, old Office, Windows program. */
const BINARY = /^(?:255044462d|504b0304|89504e47|47494638|ffd8ff|7f454c46|1f8b|d0cf11e0|4d5a90)/;
const START_BYTES = 8;
const PDF_WITHIN = 1_024;

/** Throws AppError unsupported_media_type: nothing says what it is, or two things say different ones. */
export function chooseFormat(id: string, fileName: string | undefined, mediaType: string): Format {
  const type = mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
  const named = findFormat(id) ?? (fileName === undefined ? undefined : findFormat(fileName));
  const claimed = MEDIA_TYPES[type];
  if (!isReadableType(type, named)) {
    throw refuse(`the type ${toShown(type)} cannot be read; ${READABLE} can`);
  }
  const format = named ?? claimed ?? (type === "text/plain" ? "text" : undefined);
  if (format === undefined) {
    throw refuse(
      `neither the id nor the type says what the document is; end the id as its file is called, such as notes.md, or send its Content-Type; ${READABLE} can be read`,
    );
  }
  if (contradicts(type, format)) {
    throw refuse(`the name says ${format} and the type says ${toShown(type)}; make them agree`);
  }
  return format;
}

/** Source code has types beyond number, and Windows with Word calls RTF after it; the name says enough. */
function isReadableType(type: string, named: Format | undefined): boolean {
  if (type.startsWith("text/") || type in MEDIA_TYPES || SILENT.has(type)) return true;
  if (named === "rtf" && type === "application/msword") return true;
  return named !== undefined && PLAIN.has(named);
}

function contradicts(type: string, format: Format): boolean {
  const claimed = MEDIA_TYPES[type];
  if (claimed === undefined)
    return type === "text/plain" && (format === "pdf" || ZIPPED.has(format));
  if (claimed === "json" && format === "notebook") return false;
  return claimed !== format && !PLAIN.has(format);
}

/** Throws AppError document_unreadable for a file whose first bytes are those of something else. */
export function checkHead(head: Uint8Array, format: Format): void {
  if (head.length === 0) {
    throw new AppError("document_unreadable", {
      detail: "the document is empty; send its content",
    });
  }
  if (isHeadOf(head, format)) return;
  throw new AppError("document_unreadable", {
    detail: `the document is called ${format} and its first bytes are not those of ${format}; name it after what it is`,
  });
}

function isHeadOf(head: Uint8Array, format: Format): boolean {
  if (format === "pdf") {
    return new TextDecoder("latin1").decode(head.subarray(0, PDF_WITHIN)).includes("%PDF-");
  }
  const start = toHex(head.subarray(0, START_BYTES));
  if (format === "outlook") return start.startsWith(OUTLOOK_START);
  return ZIPPED.has(format) ? start.startsWith(ZIP_START) : !BINARY.test(start);
}

function refuse(detail: string): AppError {
  return new AppError("unsupported_media_type", { detail });
}

/** A media type of a caller, as far as it is one. */
function toShown(type: string): string {
  return /^[\w.+-]{1,60}\/[\w.+-]{1,80}$/.test(type) ? type : "that was sent";
}
