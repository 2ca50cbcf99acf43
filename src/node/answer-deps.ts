/** Everything an answer needs, built from the settings at the same time. */
import type { AnswerDeps } from "../answer.ts";
import { systemClock } from "../async/clock.ts";
import { createUpstreamRegistry, type UpstreamStats } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import type { Log } from "../telemetry/log.ts";
import { createChat, createEmbedders, createRerankers, createStore } from "./wire.ts";

/** Throws AppError: invalid_request, store_unavailable. */
export async function createAnswerDeps(
  config: Config,
  log: Log,
): Promise<AnswerDeps & { readonly upstreams: UpstreamStats }> {
  const upstreams = createUpstreamRegistry();
  const [store, embedders, chat] = await Promise.all([
    createStore(config),
    createEmbedders(config, upstreams),
    createChat(config, upstreams),
  ]);
  return {
    config,
    clock: systemClock,
    log,
    store,
    embedders: embedders.byId,
    sentenceEmbedder: embedders.bundled,
    rerankers: await createRerankers(config, chat, upstreams),
    upstreams,
    ...(chat === undefined ? {} : { chat }),
  };
}
