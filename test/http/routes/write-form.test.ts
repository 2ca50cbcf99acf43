/** Documents that come in forms: read as they arrive, so that who sends slowly holds up nobody. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DocumentWriter } from "../../../src/http/uploads/document-writer.ts";
import { ifFound } from "../../../src/node/files/is-code.ts";
import { createUploadSpool } from "../../../src/node/uploads/upload-spool.ts";
import { makeApp, makeService } from "../../support/app.ts";
import { fakeWriter, receipt } from "../../support/fake-writer.ts";
import { makeTempFolder } from "../../support/local-store.ts";

const URL_START = "http://127.0.0.1/v1/collections/guide/documents/";
const PIECE_BYTES = 64 * 1024;
const MARK = "\r\n--edge";
const FIELD = '\r\nContent-Disposition: form-data; name="note"\r\n\r\n';
const FILE = '\r\nContent-Disposition: form-data; name="file"; filename="ä.md"\r\n\r\n';

type Body = ReadableStream<Uint8Array> | string;
interface Sent {
  readonly response: Response;
  readonly json: Record<string, unknown>;
  /** What the writer was given. */
  readonly written: readonly string[];
  /** Files of the spool at the end. */
  readonly left: readonly string[];
}

/** The service with a spool of its own; the writer keeps what it was given. */
async function open(bytesMax: number) {
  const folder = await makeTempFolder();
  const spool = await createUploadSpool(folder.path);
  const written: string[] = [];
  const documents: DocumentWriter = {
    ...fakeWriter,
    ...spool,
    async write({ put }) {
      written.push(await readFile(put?.path ?? "", "utf8"));
      return receipt;
    },
  };
  const env = { UPLOAD_BYTES_MAX: String(bytesMax) };
  const app = makeApp({ ...makeService({ env }), documents });
  const put = async (body: Body): Promise<Response> => {
    const headers = { "Content-Type": "multipart/form-data; boundary=edge" };
    const init = { method: "PUT", body, headers, duplex: "half" } as RequestInit;
    return app.request(`${URL_START}a.md`, init);
  };
  const send = async (body: Body): Promise<Sent> => {
    const response = await put(body);
    const json = (await response.json()) as Record<string, unknown>;
    return {
      response,
      json,
      written,
      left: (await ifFound(readdir(join(folder.path, "uploads")))) ?? [],
    };
  };
  return { put, send, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** A form of these parts, in pieces of so many bytes; at the end it breaks off with `failure`. */
function stream(text: string, pieceBytes: number, failure?: Error): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at + pieceBytes));
      else if (failure === undefined) controller.close();
      else controller.error(failure);
      at += pieceBytes;
    },
  });
}

const toForm = (...parts: readonly string[]): string =>
  `${parts.map((part) => `${MARK}${part}`).join("")}${MARK}--\r\n`.slice(2);

/** Everything that a mark could be mistaken for. */
const TRICKY = `# Ähren\r\n\r\n--edg\r\r\n--edg\r\n-\r\n--\r\n${"x".repeat(90)}\r\n--Edge\r\n`;

test.each([1, 2, 3, 5, 7, 64, 4_096])(
  "a form is read alike in pieces of %i bytes, whatever its file resembles",
  async (pieceBytes) => {
    await using service = await open(2_048);
    const form = toForm(`${FIELD}one`, `${FILE}${TRICKY}`, `${FIELD}${FILE}`);
    const { response, written, left } = await service.send(stream(form, pieceBytes));
    expect([response.status, written, left]).toEqual([200, [TRICKY], []]);
  },
);

const note = "n".repeat(100);
const big = "x".repeat(2_049);
const long = `\r\nX-Long: ${"h".repeat(8_200)}${FIELD}`;
const base64 = FILE.replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
const left = new Error("the client left");

test.each<[what: string, body: Body, status: number, code: string]>([
  ["has two files", toForm(`${FILE}one`, `${FILE}two`), 400, "invalid_request"],
  ["has no file", toForm(`${FIELD}one`), 400, "invalid_request"],
  ["has no end", toForm(`${FILE}one`).slice(0, -4), 400, "invalid_request"],
  ["ends within a head", toForm(FILE.slice(0, -4)).slice(0, -10), 400, "invalid_request"],
  ["has a part without a head", toForm(`${FILE}one`, "\r\n\r\ntwo"), 400, "invalid_request"],
  ["has too long heads behind", toForm(`${FILE}one`, long, long), 400, "invalid_request"],
  ["has too large a file", toForm(`${FILE}${big}`), 413, "payload_too_large"],
  ["has too much behind", toForm(`${FILE}one`, FIELD + note.repeat(200)), 413, "payload_too_large"],
  ["has an encoded file", toForm(`${base64}b25l`), 415, "unsupported_media_type"],
  ["has an empty file", toForm(FILE), 422, "document_unreadable"],
  ["has another kind of file", toForm(`${FILE}%PDF-1.7`), 422, "document_unreadable"],
  [
    "breaks off in its file",
    stream(toForm(`${FILE}one`).slice(0, -12), 10, left),
    499,
    "cancelled",
  ],
  ["breaks off in a head", stream(toForm(FILE).slice(0, 40), 10, left), 499, "cancelled"],
])("a form that %s is refused and leaves no file", async (...[, body, status, code]) => {
  await using service = await open(2_048);
  const sent = await service.send(body);
  expect([sent.response.status, sent.json["code"]]).toEqual([status, code]);
  expect([sent.written, sent.left]).toEqual([[], []]);
});

test("forms that arrive slowly hold up no other, however many they are", async () => {
  await using service = await open(2_048);
  const ends = Array.from({ length: 16 }, () => Promise.withResolvers<void>());
  const form = toForm(`${FILE}slow`);
  const slow = ends.map(async ({ promise }) => {
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode(form.slice(0, 60)));
        await promise;
        controller.enqueue(new TextEncoder().encode(form.slice(60)));
        controller.close();
      },
    });
    return (await service.put(body)).status;
  });
  const fast = await service.send(toForm(`${FILE}fast`));
  expect([fast.response.status, fast.written]).toEqual([200, ["fast"]]);
  for (const { resolve } of ends) resolve();
  expect(new Set(await Promise.all(slow))).toEqual(new Set([200]));
});

test("of a hundred forms no more is in memory than what the disk has not taken", async () => {
  const arrived = Promise.withResolvers<void>();
  const never = Promise.withResolvers<never>();
  let receiving = 0;
  let read = 0;
  const documents: DocumentWriter = {
    ...fakeWriter,
    async receive(body) {
      for await (const piece of body) {
        receiving += piece.length > 0 ? 1 : 0;
        if (receiving === 100) arrived.resolve();
        await never.promise; // a disk that hangs
      }
      return never.promise;
    },
  };
  const env = { UPLOAD_BYTES_MAX: String(20 * 2 ** 20) };
  const app = makeApp({ ...makeService({ env }), documents });
  for (let at = 0; at < 100; at += 1) {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = new Uint8Array(PIECE_BYTES).fill(97);
        if (sent === 0) piece.set(new TextEncoder().encode(`--edge${FILE}`));
        sent += piece.length;
        read += piece.length;
        if (sent <= 12 * 2 ** 20) controller.enqueue(piece);
        else controller.close();
      },
    });
    const headers = { "Content-Type": "multipart/form-data; boundary=edge" };
    const init = { method: "PUT", body, headers, duplex: "half" } as RequestInit;
    void app.request(`${URL_START}${at}.md`, init);
  }
  await arrived.promise;
  expect(receiving).toBe(100);
  expect(read).toBeLessThanOrEqual(100 * 3 * PIECE_BYTES);
});
