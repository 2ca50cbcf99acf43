/** Questions that an endpoint embeds: what one request of the Worker waits for is nobody else's. */
import { expect, onTestFinished, test } from "vitest";
import { createEdgeTarget } from "../../ingest/push/edge-target.ts";
import { startUpstream, type Upstream } from "../../scripts/chaos/upstream.ts";
import { systemClock } from "../../src/async/clock.ts";
import { toPushLine } from "../../src/stores/push-format.ts";
import { DIMENSIONS, spec, toDocument } from "../conformance/store-data.ts";
import { askWith } from "../support/app.ts";
import { startEdge, type TestEdge, TOKEN } from "./test-edge.ts";

const { signal } = new AbortController();

/** A Worker whose one collection holds a sentence that the endpoint has embedded. */
async function startFilled(vars: Readonly<Record<string, string>>): Promise<TestEdge> {
  const edge = await startEdge({
    EMBEDDING_MODEL: "m",
    EMBED_TIMEOUT_MS: "20000",
    EMBED_ATTEMPT_TIMEOUT_MS: "19000",
    ...vars,
  });
  onTestFinished(async () => edge.close());
  const own = { collection: "guide", key: "content-of-the-endpoint" };
  const target = createEdgeTarget({ ...own, url: edge.url, token: TOKEN, clock: systemClock });
  const whole = { documents: 1, chunks: 1 };
  await target.begin({ ...spec, ...whole, version: 1, embedder: "openai:m" }, signal);
  await target.send([toPushLine(toDocument("a", ["Jitter spreads retries."]))], signal);
  await target.publish(whole, signal);
  return edge;
}

test("questions are embedded at the endpoint of embeddings, with its key, and answered at the other one", async () => {
  await using chat = await startUpstream();
  await using embeddings = await startUpstream({
    settings: { embeddings: { dimensions: DIMENSIONS } },
  });
  const edge = await startFilled({
    OPENAI_BASE_URL: chat.url,
    OPENAI_API_KEY: "sk-chat",
    CHAT_MODEL: "m",
    EMBEDDING_BASE_URL: embeddings.url,
    EMBEDDING_API_KEY: "sk-embeddings",
  });
  const response = await edge.fetch("/v1/ask", askWith({ question: "What spreads retries?" }));
  const { ledger, answerer, degraded } = (await response.json()) as Record<string, unknown>;
  expect({ answerer, degraded }).toEqual({ answerer: "openai:m", degraded: [] });
  expect(ledger).toContainEqual(expect.objectContaining({ retriever: "vector", status: "found" }));
  const seen = ({ requests }: Upstream) =>
    requests.map(({ path, headers }) => [path, headers["authorization"]]);
  expect(seen(chat)).toEqual([["/v1/chat/completions", "Bearer sk-chat"]]);
  expect(seen(embeddings)).toEqual([["/v1/embeddings", "Bearer sk-embeddings"]]);
});

test("the same question at the same time is embedded for each, so that one may give up", async () => {
  await using upstream = await startUpstream({
    settings: { embeddings: { dimensions: DIMENSIONS } },
  });
  const edge = await startFilled({ OPENAI_BASE_URL: upstream.url });

  upstream.set({ rules: [{ on: "embeddings", fault: "latency=3000" }] });
  const search = async (deadlineMs: number): Promise<readonly object[]> => {
    const asked = askWith({ question: "What spreads retries?", deadlineMs });
    const response = await edge.fetch("/v1/search", asked);
    return ((await response.json()) as { readonly ledger: readonly object[] }).ledger;
  };
  const hasty = search(1_000);
  await expect.poll(() => upstream.requests.length).toBe(1);
  const patient = search(25_000);
  const late = { retriever: "vector", status: "timed-out" };
  expect(await hasty).toContainEqual(expect.objectContaining(late));
  const found = { retriever: "vector", status: "found", found: 1 };
  expect(await patient).toContainEqual(expect.objectContaining(found));
});
