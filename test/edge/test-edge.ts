/** The Worker in its runtime on this machine, without an account. */
import { createTestHarness } from "wrangler";
import type { ObjectBindings } from "../../src/worker/durable/objects.ts";

export const TOKEN = "a-token-for-tests";

export interface TestEdge {
  readonly url: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The objects themselves, callable from here. */
  objects(): Promise<ObjectBindings>;
  /** Ends an object as the platform does when it needs the room; what it stored stays. */
  evict(binding: "REGISTRY" | "COLLECTIONS", name: string): Promise<void>;
  /** Runs a statement inside an object, to damage it. */
  runSql(binding: "REGISTRY" | "COLLECTIONS", name: string, statement: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts it with these settings, and with another configuration than its own where one is given. */
export async function startEdge(
  vars: Readonly<Record<string, string>> = {},
  configPath = "./wrangler.toml",
): Promise<TestEdge> {
  const harness = createTestHarness({
    root: process.cwd(),
    // The budgets of a leg are for production; a busy build machine may take longer.
    workers: [
      {
        configPath,
        vars: {
          AUTH: "off",
          ADMIN_TOKEN: TOKEN,
          SEARCH_TIMEOUT_MS: "20000",
          FRESHNESS_MS: "1",
          ...vars,
        },
      },
    ],
  });
  const { url } = await harness.listen();
  return {
    url: url.origin,
    fetch: async (path, init) => (await harness.fetch(path, init as never)) as unknown as Response,
    async objects() {
      const env = (await harness.getWorker().getEnv()) as Record<string, unknown>;
      return { registry: env["REGISTRY"], collections: env["COLLECTIONS"] } as ObjectBindings;
    },
    evict: async (binding, name) => harness.getWorker().evictDurableObject(binding, { name }),
    async runSql(binding, name, statement) {
      const storage = await harness.getWorker().getDurableObjectStorage(binding, { name });
      await storage.exec(statement);
    },
    close: async () => harness.close(),
  };
}
