/** The sample collections in a local store, and pushed from there to a Worker. */
import { createApp, toApiFacts } from "../../src/app.ts";
import { systemClock } from "../../src/async/clock.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import { addApiPages } from "../../src/http/openapi/routes.ts";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import { createAnswerDeps } from "../../src/node/answer-deps.ts";
import { createPageReader } from "../../src/node/load/read-page.ts";
import { openExport } from "../../src/node/lance/export-documents.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createEdgeTarget } from "../../ingest/push/edge-target.ts";
import { pushCollection, type PushReport } from "../../ingest/push/push-collection.ts";
import { makeTempFolder } from "../support/local-store.ts";
import { runProgram } from "../support/process.ts";
import { TOKEN } from "./test-edge.ts";

export const COLLECTIONS = ["faq", "guide", "handbook"];
const { signal } = new AbortController();

export interface Samples extends AsyncDisposable {
  readonly config: Config;
}

/** Ingests the samples into a new folder. */
export async function makeSamples(collections: readonly string[] = COLLECTIONS): Promise<Samples> {
  const folder = await makeTempFolder();
  const env = { DATA_DIR: folder.path };
  for (const name of collections) {
    const { code, stderr } = await runProgram(
      "ingest/main.ts",
      [`data/${name}`, "--collection", name],
      env,
    );
    if (code !== 0) throw new Error(`the sample ${name} was not ingested: ${stderr}`);
  }
  return {
    config: parseConfig({ ...env, SEARCH_TIMEOUT_MS: "20000" }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** The service on Node over the local store. */
export async function makeNodeApp({ config }: Pick<Samples, "config">) {
  const deps = {
    ...(await createAnswerDeps(config, silentLog)),
    gate: createRunGate(),
    readPage: createPageReader(),
  };
  return addApiPages(createApp(deps), toApiFacts(deps));
}

export async function openSample({ config }: Samples, collection: string) {
  return openExport({ uri: config.dataDir, config, clock: systemClock }, collection);
}

/** Pushes one collection as the command does. */
export async function pushSample(
  samples: Samples,
  collection: string,
  url: string,
): Promise<PushReport> {
  const source = await openSample(samples, collection);
  const { key } = source;
  const target = createEdgeTarget({ url, token: TOKEN, clock: systemClock, collection, key });
  return pushCollection(source, target, signal);
}
