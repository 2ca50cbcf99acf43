/** A Worker of nothing but the adapters: each address calls one, and answers what came of it or its error's code. */
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import { toAppError } from "../../src/errors.ts";
import type { AiBinding } from "../../src/worker/ai-binding.ts";
import { createAiEmbedder } from "../../src/worker/ai-embedder.ts";
import { createAiReranker } from "../../src/worker/ai-reranker.ts";
import { createIndexCalls, type VectorizeBinding } from "../../src/worker/vectorize-calls.ts";
import { createVectorize } from "../../src/worker/vectorize.ts";
import { spec, toDocument } from "../conformance/store-data.ts";
import { silentLog } from "../../src/telemetry/log.ts";

interface BindingsEnv {
  readonly AI: AiBinding;
  readonly VECTORIZE: VectorizeBinding;
}

type Work = (env: BindingsEnv, signal: AbortSignal) => Promise<unknown>;

const embed =
  (model: string): Work =>
  async ({ AI }, signal) => {
    const embedder = createAiEmbedder(AI, { model, pooling: "mean", dimensions: 2 });
    const vectors = await embedder.embed(["a", "bb"], "query", signal);
    return vectors.map((vector) => [...(vector ?? [])]);
  };

function createSource({ VECTORIZE }: BindingsEnv) {
  const config = parseConfig({ ATTEMPTS_MAX: "1" });
  return createVectorize({
    call: createIndexCalls(VECTORIZE, {
      config,
      clock: systemClock,
      upstreams: createUpstreamRegistry(),
    }),
    collections: new Set([spec.name]),
    log: silentLog,
    wallMs: Date.now,
    concurrency: 2,
  });
}

const search: Work = async (env, signal) => {
  const snapshot = {
    info: { ...spec, version: 1, documents: 1, chunks: 2 },
    condition: async () => ({ committedAtMs: 0 }),
    rowsOf: async () => ["row 0", "row 1"],
  };
  const vector = Float32Array.from({ length: spec.dimensions }, (_, index) =>
    index === 0 ? 1 : 0,
  );
  const query = { type: "vector", vector, limit: 2, timeoutMs: 10_000 } as const;
  return createSource(env)
    .wrap(snapshot as never, "guide@1")
    .search(query, signal);
};

const WORKS: Readonly<Record<string, Work>> = {
  "/embed": embed("@cf/test/good"),
  "/busy": embed("@cf/test/busy"),
  "/html": embed("@cf/test/html"),
  "/hang": embed("@cf/test/hang"),
  "/rerank": async ({ AI }, signal) =>
    createAiReranker(AI, "@cf/test/rerank").score("why?", ["a", "b"], signal),
  "/check": async (env, signal) => createSource(env).check(spec, signal),
  "/put": async (env, signal) =>
    createSource(env).put("guide@1", [toDocument("a", ["x", "y"])], signal),
  "/search": search,
};
const PATIENCE_MS = 100;

export default {
  async fetch(request: Request, env: BindingsEnv): Promise<Response> {
    const { pathname } = new URL(request.url);
    const controller = new AbortController();
    if (pathname === "/hang") setTimeout(() => controller.abort(), PATIENCE_MS);
    try {
      return Response.json({ value: await WORKS[pathname]?.(env, controller.signal) });
    } catch (thrown) {
      const { code, detail } = toAppError(thrown);
      return Response.json({ code, detail });
    }
  },
};
