/** The Worker in its runtime on this machine, without an account. */
import { createTestHarness } from "wrangler";
import type { ObjectBindings } from "../../src/worker/durable/objects.ts";

export interface TestEdge {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The objects themselves, callable from here. */
  objects(): Promise<ObjectBindings>;
  /** Ends an object as the platform does when it needs the room; what it stored stays. */
  evict(binding: string, name: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts it with these settings and secrets. */
export async function startEdge(vars: Readonly<Record<string, string>> = {}): Promise<TestEdge> {
  const harness = createTestHarness({
    root: process.cwd(),
    workers: [{ configPath: "./wrangler.toml", vars }],
  });
  await harness.listen();
  return {
    fetch: async (path, init) => (await harness.fetch(path, init as never)) as unknown as Response,
    async objects() {
      const env = (await harness.getWorker().getEnv()) as Record<string, unknown>;
      return { registry: env["REGISTRY"], collections: env["COLLECTIONS"] } as ObjectBindings;
    },
    evict: async (binding, name) => harness.getWorker().evictDurableObject(binding, { name }),
    close: async () => harness.close(),
  };
}
