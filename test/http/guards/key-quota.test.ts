/** Tokens of a day, counted from what the runs of a key really used. */
import { expect, test } from "vitest";
import { askWith } from "../../support/app.ts";
import { createTestStore } from "../../support/collections.ts";
import { makeStoreApp } from "../../support/store-app.ts";
import { bearer, makeAccess, makeKey } from "../../support/keys.ts";
import { createScriptedChat, says } from "../../support/scripted-chat.ts";

const text = "Retries use jitter so that clients do not come back at the same moment [1].";
const silent = says(text).filter(
  (step) => typeof step === "string" || step instanceof Error || step.type !== "usage",
);

test("a model that names no usage is counted by estimate, and a used-up day refuses runs but no reading", async () => {
  const [small, other] = await Promise.all([makeKey({ tokensPerDayMax: 5 }), makeKey()]);
  const store = await createTestStore({
    guide: { a: "Retries use jitter so that clients do not come back at the same moment." },
  });
  const app = makeStoreApp(store, {
    chat: createScriptedChat(silent, silent),
    access: makeAccess([small.entry, other.entry]).access,
  });
  const ask = (key: string, question: string) =>
    app.request("/v1/ask", askWith({ question }, bearer(key)));
  const first = await ask(small.key, "Why do retries use jitter?");
  expect(first.status).toBe(200);
  const { usage } = (await first.json()) as { usage: { inputTokens: number } };
  expect(usage.inputTokens).toBeGreaterThan(5);
  const refused = await ask(small.key, "Why should retries use jitter?");
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(80_000);
  expect(await refused.json()).toMatchObject({ code: "quota_exceeded", retryable: false });
  const reading = await app.request("/v1/collections", { headers: bearer(small.key) });
  expect(reading.status).toBe(200);
  expect((await ask(other.key, "Why should retries use jitter?")).status).toBe(200);
});
