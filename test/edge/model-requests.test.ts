/** What the Worker's bundle asks of models is what the service on Node asks, though much of the client's package is left out of it. */
import { expect, onTestFinished, test } from "vitest";
import { createEdgeTarget } from "../../ingest/push/edge-target.ts";
import { startUpstream, type Upstream } from "../../scripts/chaos/upstream.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import { toPushLine } from "../../src/stores/push-format.ts";
import { DIMENSIONS, spec, toDocument } from "../conformance/store-data.ts";
import { openTestStore } from "../node/lance/test-store.ts";
import { askWith } from "../support/app.ts";
import { makeTempFolder } from "../support/local-store.ts";
import { makeNodeApp } from "./samples.ts";
import { startEdge, TOKEN } from "./test-edge.ts";

const { signal } = new AbortController();
const embedded = { ...spec, embedder: "openai:m" };
const documents = [toDocument("a", ["Jitter spreads retries."])];
const value = { what: "Jitter spreads retries." };
const schema = {
  type: "object",
  properties: { what: { type: "string" } },
  required: ["what"],
  additionalProperties: false,
};
const question = "What spreads retries?";

type Ask = (body: object) => Promise<Response>;

async function startOnNode(vars: Readonly<Record<string, string>>): Promise<Ask> {
  const folder = await makeTempFolder();
  onTestFinished(async () => folder[Symbol.asyncDispose]());
  const store = await openTestStore(folder.path);
  const writer = await store.create(embedded, signal);
  await writer.commit({ put: documents, remove: [] }, signal);
  await writer.index(signal);
  await writer.close();
  const config = parseConfig({ ...vars, AUTH: "off", DATA_DIR: folder.path });
  const app = await makeNodeApp({ config });
  return async (body) => app.request("/v1/ask", askWith(body));
}

async function startInWorker(vars: Readonly<Record<string, string>>): Promise<Ask> {
  const edge = await startEdge(vars);
  onTestFinished(async () => edge.close());
  const own = { collection: spec.name, key: "content-of-the-endpoint" };
  const target = createEdgeTarget({ ...own, url: edge.url, token: TOKEN, clock: systemClock });
  const whole = { documents: 1, chunks: 1 };
  await target.begin({ ...embedded, ...whole, version: 1 }, signal);
  await target.send(documents.map(toPushLine), signal);
  await target.publish(whole, signal);
  return async (body) => edge.fetch("/v1/ask", askWith(body));
}

test("a question's vector, an answer, a call of a tool and a value of a schema are asked for alike", async () => {
  const here = await askAll(startOnNode);
  expect(here).toHaveLength(7);
  expect(await askAll(startInWorker)).toEqual(here);
});

/** What a model is sent for three questions. */
async function askAll(start: (vars: Readonly<Record<string, string>>) => Promise<Ask>) {
  await using upstream = await startUpstream({
    settings: { embeddings: { dimensions: DIMENSIONS } },
  });
  const ask = await start({
    OPENAI_BASE_URL: upstream.url,
    OPENAI_API_KEY: "sk-models",
    CHAT_MODEL: "m",
    EMBEDDING_MODEL: "m",
    SEARCH_TIMEOUT_MS: "20000",
    EMBED_TIMEOUT_MS: "20000",
    EMBED_ATTEMPT_TIMEOUT_MS: "19000",
    HEDGE_SHARE_MAX: "0", // a busy machine would ask twice
  });
  const record = async (body: object): Promise<unknown> =>
    (await ask({ question, ...body })).json();
  const answer = await record({});
  upstream.set({ rules: [{ on: "chat", fault: "shape=tool-search", times: 1 }] });
  const agent = await record({ mode: "agent" });
  upstream.set({ rules: [], chat: { replies: [JSON.stringify({ found: true, value })] } });
  const output = await record({ output: { schema } });
  for (const one of [answer, agent, output]) expect(one).toMatchObject({ outcome: "finished" });
  expect(output).toMatchObject({ output: value });
  return upstream.requests.map(toComparable);
}

const FENCE = /<([a-z]{12})>/;
const KEPT = ["accept", "authorization", "content-length", "content-type", "user-agent"];

/** Without what is new for each request, and what a runtime adds of its own. */
function toComparable({ path, headers, body }: Upstream["requests"][number]) {
  const text = JSON.stringify(body);
  const fence = FENCE.exec(text)?.[1] ?? "no fence";
  return {
    path,
    body: JSON.parse(text.replaceAll(fence, "FENCE")) as object,
    headers: KEPT.map((name) => headers[name]),
  };
}
