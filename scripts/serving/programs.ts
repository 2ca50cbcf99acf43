/** The service under load: over a small collection and a fake upstream, each in a process of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import { createLanceStore } from "../../src/node/lance/lance-store.ts";
import { startService } from "../bench-answers.ts";
import { loadCollection } from "../bench-data.ts";
import { type Program, startProgram } from "../bench-program.ts";

export interface Served extends AsyncDisposable {
  readonly server: Program;
}

/** The service over a small collection and a fake upstream that gives `tokens` words, `gapMs` apart. */
export async function serve(
  env: Readonly<Record<string, string>>,
  { tokens = 20, gapMs = 0 } = {},
): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-serving-"));
  const store = await createLanceStore({
    uri: folder,
    config: parseConfig({}),
    clock: systemClock,
  });
  await loadCollection(store, "north", { chunks: 500, seed: 1, embedder: "openai:bench" });
  const upstream = await startProgram("bench-upstream.ts", {}, 60, 250, tokens, gapMs);
  const server = await startService(folder, upstream.port, env);
  return {
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
