/** The whole service over a store in memory or on disk. */
import { type AppDeps, createApp } from "../../src/app.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import type { ReadStore } from "../../src/stores/store.ts";
import { recordLog } from "./app.ts";
import { wordModels } from "./collections.ts";

/** With the embedder of words and no chat model, unless the change says otherwise. */
export function makeStoreApp(store: ReadStore, change: Partial<AppDeps> = {}) {
  const [config, clock, log, gate] = [parseConfig({}), systemClock, recordLog(), createRunGate()];
  return createApp({ config, clock, log, store, ...wordModels, gate, ...change });
}
