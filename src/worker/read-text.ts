/** A request's body as text, within a limit of bytes. */
import { AppError } from "../errors.ts";

/** Throws AppError: payload_too_large, invalid_request when it is not UTF-8. */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const refused = new AppError("payload_too_large", {
    detail: `this body may have at most ${bytesMax} bytes`,
  });
  if (Number(request.headers.get("Content-Length") ?? 0) > bytesMax) throw refused;
  if (request.body === null) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  let [text, size] = ["", 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decode(decoder);
    size += value.length;
    if (size > bytesMax) {
      await reader.cancel().catch(() => undefined); // the sender is refused either way
      throw refused;
    }
    text += decode(decoder, value);
  }
}

function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch (thrown) {
    throw new AppError("invalid_request", { detail: "the body is not UTF-8", cause: thrown });
  }
}
