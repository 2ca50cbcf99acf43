/** Reads a form with one file, held in memory within the limit. */
import { AppError } from "../../errors.ts";
import { readBytes } from "../../text/read-bytes.ts";

/** What a form adds to its file. */
export const FORM_BYTES = 16 * 1024;
/** Of RFC 2046, section 5.1.1; quoted or not, whatever it holds. */
const BOUNDARY =
  /;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70})(?=\s*(?:;|$)))/i;
const HEAD_END = "\r\n\r\n";

/**
 * The file. What stands around it is measured before the runtime's parser sees it: that one takes any number of
 * parts and headers, in one stretch in which nobody else is answered. Throws AppError: invalid_request, and what `toTooLarge` makes.
 */
export async function readForm(
  request: Request,
  bytesMax: number,
  toTooLarge: () => AppError,
): Promise<File> {
  const boundary = findBoundary(request.headers.get("Content-Type") ?? "");
  const body = request.body as ReadableStream<Uint8Array> | null;
  const bytes = await readBytes(body, bytesMax + FORM_BYTES, toTooLarge).catch(refuseBroken);
  if (boundary === undefined || !isBounded(bytes, boundary)) throw toBroken();
  // As it was read here, so that nobody reads another one out of the header.
  const headers = { "Content-Type": `multipart/form-data; boundary="${boundary}"` };
  const form = await new Response(bytes, { headers }).formData().catch(refuseBroken);
  const [file, ...others] = [...form.values()].filter((value) => typeof value !== "string");
  if (file !== undefined && others.length === 0) return file;
  throw new AppError("invalid_request", { detail: "a form must hold exactly one file" });
}

function findBoundary(type: string): string | undefined {
  const [, quoted, plain] = BOUNDARY.exec(type) ?? [];
  return quoted ?? plain;
}

/** Are the heads of the parts, all together, no longer than what a form may add? */
function isBounded(bytes: Uint8Array, boundary: string): boolean {
  const text = new TextDecoder("latin1").decode(bytes);
  let added = 0;
  for (let at = text.indexOf(`--${boundary}`); at >= 0 && added <= FORM_BYTES;) {
    const end = text.indexOf(HEAD_END, at);
    if (end < 0) return added + text.length - at <= FORM_BYTES;
    added += end - at;
    at = text.indexOf(`\r\n--${boundary}`, end);
  }
  return added <= FORM_BYTES;
}

function refuseBroken(thrown: unknown): never {
  throw thrown instanceof AppError ? thrown : toBroken(thrown);
}

function toBroken(cause?: unknown): AppError {
  return new AppError("invalid_request", { detail: "the form broke off or is not one", cause });
}
