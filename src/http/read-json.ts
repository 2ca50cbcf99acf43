/** A request's body as parsed JSON, within limits of size and depth. */
import { AppError } from "../errors.ts";
import { joinBytes } from "../text/join-bytes.ts";
import { checkJson } from "./check-json.ts";

const DEPTH_MAX = 64;

/**
 * Reads the body, however it is sent. Throws AppError: unsupported_media_type, payload_too_large,
 * invalid_request with the line and column where it stops being JSON.
 */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new AppError("unsupported_media_type", {
      detail: "send the body as JSON, with the header Content-Type: application/json",
    });
  }
  if ((request.headers.get("Content-Encoding") ?? "identity") !== "identity") {
    throw new AppError("unsupported_media_type", {
      detail: "send the body without a Content-Encoding",
    });
  }
  const text = decode(await readBytes(request, bytesMax));
  if (text.trim() === "") {
    throw new AppError("invalid_request", {
      detail: 'the body is empty; send a JSON object such as {"question": "…"}',
    });
  }
  const fault = checkJson(text, DEPTH_MAX);
  if (fault !== undefined) {
    throw new AppError("invalid_request", {
      detail: `the body is not JSON: line ${fault.line}, column ${fault.column}: ${fault.message}`,
    });
  }
  return JSON.parse(text) as unknown;
}

async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = (): AppError =>
    new AppError("payload_too_large", { detail: `a body may have at most ${bytesMax} bytes` });
  const declared = request.headers.get("Content-Length");
  if (Number(declared ?? 0) > bytesMax) throw tooLarge();
  // No more than was declared can come, and read in one go it costs no stream.
  if (declared !== null) {
    const bytes = await orBrokeOff(request.arrayBuffer());
    if (bytes.byteLength > bytesMax) throw tooLarge();
    return new Uint8Array(bytes);
  }
  if (request.body === null) return new Uint8Array();
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await orBrokeOff(reader.read());
    if (done) break;
    size += value.length;
    if (size > bytesMax) {
      await reader.cancel().catch(() => undefined); // the sender is refused either way
      throw tooLarge();
    }
    parts.push(value);
  }
  return joinBytes(parts, size);
}

async function orBrokeOff<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (thrown) {
    throw new AppError("cancelled", { detail: "the body broke off", cause: thrown });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (thrown) {
    throw new AppError("invalid_request", { detail: "the body is not UTF-8", cause: thrown });
  }
}
