/** Limits of a request that operators set, off their defaults: what just fits passes, and one more is refused. */
import { expect, test } from "vitest";
import { createApp } from "../../../src/app.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createRunGate } from "../../../src/http/admission/run-gate.ts";
import { createAskParser } from "../../../src/http/request/schemas.ts";
import { askWith, makeApp, makeService, recordLog } from "../../support/app.ts";
import { createTestStore, wordEmbedder } from "../../support/collections.ts";

const chat = { model: "tributary", messages: [{ role: "user", content: "x" }] };
const ui = { messages: [{ role: "user", parts: [{ type: "text", text: "x" }] }] };

/** The body, made this long by blanks. */
const padded = (body: object, bytes: number): string => JSON.stringify(body).padEnd(bytes);
const collections = (count: number) => Array.from({ length: count }, (_, at) => `c${at}`);
const asking =
  (more: (size: number) => object) =>
  (size: number): object => ({ question: "x", ...more(size) });

/** A schema whose JSON has so many bytes, of which a letter takes two. */
const schemaOf = (bytes: number): object => ({
  title: "ü".padEnd(bytes - JSON.stringify({ title: "" }).length - 1, "x"),
});

type Case = readonly [
  setting: string,
  size: number,
  path: string,
  toBody: (size: number) => object | string,
];
const cases: readonly Case[] = [
  ["CHAT_BODY_BYTES_MAX", 1_500, "/v1/chat", (bytes) => padded(ui, bytes)],
  ["CHAT_BODY_BYTES_MAX", 3_000_000, "/v1/chat", (bytes) => padded(ui, bytes)],
  ["CHAT_BODY_BYTES_MAX", 1_500, "/v1/chat/completions", (bytes) => padded(chat, bytes)],
  ["BODY_BYTES_MAX", 1_500, "/v1/ask", (bytes) => padded({ question: "x" }, bytes)],
  ["COLLECTIONS_MAX", 2, "/v1/ask", asking((max) => ({ collections: collections(max) }))],
  ["COLLECTIONS_MAX", 70, "/v1/search", asking((max) => ({ collections: collections(max) }))],
  ["INSTRUCTIONS_CHARS_MAX", 10, "/v1/ask", asking((max) => ({ instructions: "y".repeat(max) }))],
  [
    "INSTRUCTIONS_CHARS_MAX",
    9_000,
    "/v1/chat/completions",
    (max) => ({
      ...chat,
      messages: [{ role: "system", content: "y".repeat(max) }, ...chat.messages],
    }),
  ],
  [
    "OUTPUT_SCHEMA_BYTES_MAX",
    1_500,
    "/v1/ask",
    asking((max) => ({ output: { schema: schemaOf(max) } })),
  ],
];

test.each(cases)("%s=%i at %s", async (setting, size, path, toBody) => {
  const env = { [setting]: String(size) };
  const parseAsk = createAskParser(parseConfig(env), ["lexical"], ["direct", "agent"]);
  const app = makeApp({ ...makeService({ env }), parseAsk });
  const send = async (size: number): Promise<number> => {
    const body = toBody(size);
    return (await app.request(path, askWith(body))).status;
  };
  expect([await send(size), await send(size + 1)]).toEqual([
    200,
    setting.endsWith("BODY_BYTES_MAX") ? 413 : 400,
  ]);
});

test("a question that names no collection asks all there are, more than it might name too", async () => {
  const documents = { a: "Retries use jitter." };
  const app = createApp({
    config: parseConfig({ COLLECTIONS_MAX: "2" }),
    clock: systemClock,
    log: recordLog(),
    store: await createTestStore({ c0: documents, c1: documents, c2: documents }),
    embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: {},
    gate: createRunGate(),
  });
  const response = await app.request("/v1/search", askWith({ question: "Do retries use jitter?" }));
  const { ledger } = (await response.json()) as { ledger: { collection: string }[] };
  expect(new Set(ledger.map(({ collection }) => collection))).toEqual(new Set(collections(3)));
});
