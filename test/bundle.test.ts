import { build } from "esbuild";
import { describe, expect, test } from "vitest";

/** Minified and without the bundled embedder's table, which is an asset. */
const BUNDLE_BYTES_MAX = 1_600_000;

/** What an entry of another runtime would take from the core: everything but the adapters of Node. */
const CORE = `
  export { createApp } from "./src/app.ts";
  export { createMemoryStore } from "./src/stores/memory.ts";
  export { createStaticEmbedder } from "./src/models/static/static-embedder.ts";
  export { parseStaticTable } from "./src/models/static/table.ts";
  export { createOpenAiClient } from "./src/models/openai-client.ts";
  export { createOpenAiChat } from "./src/models/openai-chat.ts";
  export { createOpenAiEmbedder } from "./src/models/openai-embedder.ts";
  export { createLexicalReranker } from "./src/retrieval/lexical-rerank.ts";
  export { parseConfig } from "./src/config.ts";
`;

describe("the core", () => {
  test("bundles for a platform without Node, and stays small", async () => {
    expect(await bundle(CORE)).toBeLessThan(BUNDLE_BYTES_MAX);
  });
  test("with a planted Node module does not bundle", async () => {
    const planted = `${CORE} export { readFile } from "node:fs/promises";`;
    await expect(bundle(planted)).rejects.toThrow("node:fs/promises");
  });
});

/** Bytes of the minified bundle; rejects on any import that only Node has. */
async function bundle(contents: string): Promise<number> {
  const result = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    format: "esm",
    minify: true,
    write: false,
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    logLevel: "silent",
  });
  return result.outputFiles[0]?.contents.byteLength ?? Number.POSITIVE_INFINITY;
}
