/** A request's body as text, within a limit of bytes. */
import { AppError } from "../errors.ts";
import { joinBytes } from "../text/join-bytes.ts";

/** Reads the body, however it is sent. Throws AppError: payload_too_large, cancelled, invalid_request when it is not UTF-8. */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const bytes = await readBytes(request, bytesMax);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (thrown) {
    throw new AppError("invalid_request", { detail: "the body is not UTF-8", cause: thrown });
  }
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
