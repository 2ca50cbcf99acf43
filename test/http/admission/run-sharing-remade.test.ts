import { expect, test } from "vitest";
import { toPlainChunk } from "../../../scripts/plain-chunk.ts";
import { askWith } from "../../support/app.ts";
import { createTestStore, fillCollection, wordEmbedder } from "../../support/collections.ts";
import { makeStoreApp } from "../../support/store-app.ts";
import { createScriptedChat, says } from "../../support/scripted-chat.ts";

const OLD = "The service listens on port 8787.";
const NEW = "The service listens on port 9090.";
const question = { question: "Which port does the service listen on?" };

/** A service whose first answer hangs behind its first words. */
async function setUp() {
  const store = await createTestStore({ guide: { port: OLD } });
  const words = { type: "text", text: "The service listens " } as const;
  const chat = createScriptedChat([words, "hang"], says(`${NEW} [1]`));
  const app = makeStoreApp(store, { chat });
  const stream = askWith(question, { Accept: "text/event-stream" });
  const first = await app.request("/v1/ask", stream);
  return { app, chat, store, first, stream };
}

test("an answer from a collection that is gone is not shared by who asks the one made after it", async () => {
  const { app, chat, store, first, stream } = await setUp();
  const { signal } = new AbortController();
  const before = await store.open("guide", signal);
  const joined = await app.request("/v1/ask", stream);
  expect(joined.headers.get("X-Cache")).toBe("shared");
  await store.drop("guide", signal);
  await fillCollection(store, "guide", [toPlainChunk("port", NEW)], wordEmbedder);
  expect((await store.open("guide", signal)).info.version).toBe(before.info.version);
  const after = await app.request("/v1/ask", askWith(question));
  expect(after.headers.get("X-Cache")).toBeNull();
  expect(await after.json()).toMatchObject({ answer: expect.stringContaining("9090") });
  expect(chat.requests).toHaveLength(2);
  await Promise.all([first.body?.cancel(), joined.body?.cancel()]);
});

test("a run that waits for its last collection is not shared by who asks when another has been written since", async () => {
  const store = await createTestStore({ guide: { port: OLD }, slow: { other: "Nothing of it." } });
  const opens = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const state = { opened: 0 };
  const app = makeStoreApp({
    ...store,
    async open(name, signal) {
      if (name === "slow") await opens[Math.min(state.opened++, 1)]?.promise;
      return store.open(name, signal);
    },
  });
  const first = app.request("/v1/ask", askWith(question));
  while (state.opened === 0) await new Promise((resolve) => setImmediate(resolve));
  const { signal } = new AbortController();
  await store.drop("guide", signal);
  await fillCollection(store, "guide", [toPlainChunk("port", NEW)], wordEmbedder);
  const second = app.request("/v1/ask", askWith(question));
  opens[1]?.resolve();
  expect(await (await second).json()).toMatchObject({ answer: expect.stringContaining("9090") });
  opens[0]?.resolve();
  expect(await (await first).json()).toMatchObject({ answer: expect.stringContaining("8787") });
});
