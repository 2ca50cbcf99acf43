/** Everything an answer needs, built from the settings at the same time. */
import type { AnswerDeps } from "../answer.ts";
import { systemClock } from "../async/clock.ts";
import type { SharedTurns } from "../async/rate-window.ts";
import { createUpstreamRegistry, type UpstreamStats } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import { createChat } from "../models/create-models.ts";
import type { Log } from "../telemetry/log.ts";
import { noTracer, type Tracer } from "../telemetry/tracer.ts";
import { loadTools } from "./load/load-tools.ts";
import { type OpenStore, openStore } from "./open-store.ts";
import { createEmbedders, createEndpoints, createRerankers } from "./wire.ts";

/** Throws AppError: invalid_request, store_unavailable. */
export async function createAnswerDeps(
  config: Config,
  log: Log,
  tracer: Tracer = noTracer,
  turns?: SharedTurns,
): Promise<AnswerDeps & Pick<OpenStore, "tables"> & { readonly upstreams: UpstreamStats }> {
  const upstreams = createUpstreamRegistry(turns);
  const endpoints = createEndpoints(upstreams, tracer);
  const [opened, embedders, chat, tools] = await Promise.all([
    openStore(config, upstreams, log),
    createEmbedders(config, endpoints),
    createChat(config, endpoints),
    loadTools(config.toolsFile),
  ]);
  return {
    config,
    clock: systemClock,
    log,
    ...opened,
    embedders: embedders.byId,
    sentenceEmbedder: embedders.bundled,
    rerankers: await createRerankers(config, chat, endpoints),
    tracer,
    upstreams,
    tools,
    ...(chat === undefined ? {} : { chat }),
  };
}
