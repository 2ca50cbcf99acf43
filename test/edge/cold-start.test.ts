/** The first requests of an isolate, which come together while the Worker is not built yet. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { startEdge } from "./test-edge.ts";

/** The Worker's own configuration, with another entry. */
async function writeConfig(folder: string, entry: string): Promise<string> {
  const text = (await readFile("wrangler.toml", "utf8"))
    .replace('main = "src/worker/main.ts"', `main = ${JSON.stringify(resolve(entry))}`)
    .replaceAll(/"\.\/src\/worker\/\w+-shims\.ts"/g, (path) =>
      JSON.stringify(resolve(JSON.parse(path) as string)),
    )
    .replace('directory = "data"', `directory = ${JSON.stringify(resolve("data"))}`);
  const path = join(folder, "wrangler.toml");
  await writeFile(path, text);
  return path;
}

test("what each of them has begun is known to those that come after", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tributary-cold-"));
  const edge = await startEdge({}, await writeConfig(folder, "test/edge/cold-worker.ts"));
  try {
    expect(await (await edge.fetch("/")).json()).toEqual([200, 200]);
  } finally {
    await edge.close();
    await rm(folder, { recursive: true });
  }
});
