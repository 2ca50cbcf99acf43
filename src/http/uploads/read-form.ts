/** Reads a form with one file as it arrives, and holds no more of it than the heads of its parts. */
import { AppError } from "../../errors.ts";
import { type BodyCursor, createBodyCursor } from "./body-cursor.ts";

/** What a form adds to its file. */
export const FORM_BYTES = 16 * 1024;
/** Of RFC 2046, section 5.1.1; quoted or not, whatever it holds. */
const BOUNDARY =
  /;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70})(?=\s*(?:;|$)))/i;
const HEAD_END = "\r\n\r\n";
/** Of RFC 7578, section 4.7, which wants the bytes as they are. */
const ENCODED = /^content-transfer-encoding:[ \t]*(?:base64|quoted-printable)/im;

export interface FormFile {
  readonly name: string;
  /** Its media type, as the form says it. */
  readonly type: string;
  /** Its bytes, once, as they arrive. What follows the file is read with them: throws as `readForm` does. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * The file, as soon as its head has arrived. Throws AppError: invalid_request, unsupported_media_type for a file in
 * base64, cancelled when the body breaks off, and what `toTooLarge` makes.
 */
export async function readForm(
  request: Request,
  bytesMax: number,
  toTooLarge: () => AppError,
): Promise<FormFile> {
  const boundary = findBoundary(request.headers.get("Content-Type") ?? "");
  const body = request.body as ReadableStream<Uint8Array> | null;
  if (boundary === undefined || body === null) throw toBroken();
  const limits = { bytesMax: bytesMax + FORM_BYTES, toTooLarge, toUnended: toBroken };
  // The first boundary has no line before it, whose end would belong to it.
  const cursor = createBodyCursor(body, "\r\n", limits);
  const files = readFiles(cursor, boundary);
  try {
    const { value: file } = await files.next();
    if (file === undefined) throw toNotOne();
    return { ...file, content: readContent(cursor, file.content, files) };
  } catch (thrown) {
    await cursor.close();
    throw thrown;
  }
}

async function* readContent(
  cursor: BodyCursor,
  content: AsyncIterable<Uint8Array>,
  files: AsyncIterator<FormFile>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
    if ((await files.next()).done !== true) throw toNotOne();
  } finally {
    await cursor.close();
  }
}

/** The form's files in turn; the content of one is read before the next is asked for. Fields are passed over. */
async function* readFiles(cursor: BodyCursor, boundary: string): AsyncGenerator<FormFile, void> {
  const mark = `\r\n--${boundary}`;
  await skip(cursor.until(mark));
  // Of all heads together: the runtime takes any number of them, and each is work.
  let headBytes = 0;
  for (;;) {
    const start = await cursor.take(2);
    if (start === "--") break;
    const head: Uint8Array[] = [new TextEncoder().encode(start)];
    for await (const piece of cursor.until(HEAD_END)) {
      headBytes += piece.length;
      if (headBytes > FORM_BYTES) throw toBroken();
      head.push(piece);
    }
    const file = await parseHead(head, boundary);
    if (file === undefined) await skip(cursor.until(mark));
    else yield { ...file, content: cursor.until(mark) };
  }
  await cursor.drain();
}

/** The runtime's parser reads the head, as a form without content. Undefined: it is no file's. */
async function parseHead(
  head: readonly Uint8Array[],
  boundary: string,
): Promise<Pick<File, "name" | "type"> | undefined> {
  const whole = new Blob([
    `--${boundary}`,
    ...(head as readonly BlobPart[]),
    HEAD_END,
    `\r\n--${boundary}--`,
  ]);
  // As it was read here, so that nobody reads another one out of the header.
  const headers = { "Content-Type": `multipart/form-data; boundary="${boundary}"` };
  const form = await new Response(whole, { headers }).formData().catch((cause: unknown) => {
    throw toBroken(cause);
  });
  const [file] = form.values();
  if (typeof file !== "object") return undefined;
  if (ENCODED.test(await whole.text())) {
    const detail = "send the file in a form as it is, without a Content-Transfer-Encoding";
    throw new AppError("unsupported_media_type", { detail });
  }
  return { name: file.name, type: file.type };
}

async function skip(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const all = pieces[Symbol.asyncIterator]();
  while ((await all.next()).done !== true);
}

function findBoundary(type: string): string | undefined {
  const [, quoted, plain] = BOUNDARY.exec(type) ?? [];
  return quoted ?? plain;
}

function toNotOne(): AppError {
  return new AppError("invalid_request", { detail: "a form must hold exactly one file" });
}

function toBroken(cause?: unknown): AppError {
  return new AppError("invalid_request", { detail: "the form broke off or is not one", cause });
}
