/** A request's body as text, within a limit of bytes. */
import { AppError } from "../../errors.ts";
import { readBytes } from "../../text/read-bytes.ts";

/** Reads the body, however it is sent. Throws AppError: payload_too_large, cancelled, invalid_request when it is not UTF-8. */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const bytes = await readBody(request, bytesMax);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (thrown) {
    throw new AppError("invalid_request", { detail: "the body is not UTF-8", cause: thrown });
  }
}

async function readBody(request: Request, bytesMax: number): Promise<Uint8Array> {
  const toTooLarge = (): AppError =>
    new AppError("payload_too_large", { detail: `a body may have at most ${bytesMax} bytes` });
  const declared = request.headers.get("Content-Length");
  if (Number(declared ?? 0) > bytesMax) throw toTooLarge();
  try {
    if (declared === null) {
      return await readBytes(
        request.body as ReadableStream<Uint8Array> | null,
        bytesMax,
        toTooLarge,
      );
    }
    // No more than was declared can come, and read in one go it costs no stream.
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.length > bytesMax) throw toTooLarge();
    return bytes;
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError("cancelled", { detail: "the body broke off", cause: thrown });
  }
}
