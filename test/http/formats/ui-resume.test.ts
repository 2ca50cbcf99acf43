/** `GET /v1/chat/:id/stream`, seen by the AI SDK's own transport: an answer that is gone on with after its page was left. */
import { DefaultChatTransport, readUIMessageStream, type UIMessage } from "ai";
import { expect, test } from "vitest";
import type { Runner } from "../../../src/http/service.ts";
import { goodRun, makeApp, makeService, serveTest } from "../../support/app.ts";
import { bearer, makeAccess, makeKey } from "../../support/keys.ts";

const user: UIMessage = {
  id: "m1",
  role: "user",
  parts: [{ type: "text", text: "What are timeouts?" }],
};

/** A run that stops after its text until it is told to go on. */
function makePaused() {
  const going = Promise.withResolvers<void>();
  const paused: Runner = async function* (_ask, signal) {
    yield* goodRun.slice(0, -1);
    signal.addEventListener("abort", () => going.resolve(), { once: true });
    await going.promise;
    yield* goodRun.slice(-1);
  };
  return { paused, goOn: () => going.resolve() };
}

async function serve(prefer: string | undefined) {
  const { paused, goOn } = makePaused();
  const server = await serveTest(makeService({ answer: paused }));
  const transport = new DefaultChatTransport({
    api: `${server.url}/v1/chat`,
    ...(prefer === undefined ? {} : { headers: { Prefer: prefer } }),
  });
  const page = new AbortController();
  const stream = await transport.sendMessages({
    chatId: "c1",
    trigger: "submit-message",
    messageId: undefined,
    messages: [user],
    abortSignal: page.signal,
  });
  const reader = stream.getReader();
  expect((await reader.read()).value).toMatchObject({ type: "start" });
  return { server, transport, goOn, leave: () => page.abort() };
}

test("an answer that goes on is read from its beginning by whoever comes back to its chat", async () => {
  const { server, transport, goOn, leave } = await serve("keep-run");
  leave();
  const resumed = await transport.reconnectToStream({ chatId: "c1" });
  expect(await transport.reconnectToStream({ chatId: "c2" })).toBeNull();
  goOn();
  let last: UIMessage | undefined;
  if (resumed === null) throw new Error("there is nothing to go on with");
  for await (const message of readUIMessageStream({ stream: resumed })) last = message;
  expect(last?.id).toBe("run-1");
  expect(last?.parts).toContainEqual(
    expect.objectContaining({ type: "text", text: "Timeouts are limits. [1]", state: "done" }),
  );
  expect(await transport.reconnectToStream({ chatId: "c1" })).toBeNull();
  await server[Symbol.asyncDispose]();
});

test("an answer that ended with its page is not there to go on with", async () => {
  const { server, transport, leave } = await serve(undefined);
  leave();
  await expect.poll(() => transport.reconnectToStream({ chatId: "c1" })).toBeNull();
  await server[Symbol.asyncDispose]();
});

test("a chat of this id is another one for each caller", async () => {
  const [one, other] = await Promise.all([makeKey(), makeKey()]);
  const { paused, goOn } = makePaused();
  const { access } = makeAccess([one.entry, other.entry]);
  const app = makeApp({ ...makeService({ answer: paused }), access });
  const asked = await app.request("/v1/chat", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Prefer: "keep-run",
      ...bearer(one.key),
    },
    body: JSON.stringify({ id: "c1", messages: [user] }),
  });
  expect(asked.status).toBe(200);
  const resume = (key: string, init: RequestInit = {}) =>
    app.request("/v1/chat/c1/stream", { ...init, headers: bearer(key) });
  expect((await resume(other.key)).status).toBe(204);
  expect((await resume(one.key, { method: "HEAD" })).status).toBe(200);
  const mine = await resume(one.key);
  goOn();
  expect([mine.status, mine.headers.get("x-vercel-ai-ui-message-stream")]).toEqual([200, "v1"]);
  expect(await mine.text()).toContain('"type":"finish"');
  await asked.body?.cancel();
  expect((await resume(one.key)).status).toBe(204);
});
