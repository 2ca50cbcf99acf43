/** The Worker in its runtime on this machine, without an account. */
import { afterAll, beforeAll } from "vitest";
import { createTestHarness } from "wrangler";
import type { ObjectBindings, ObjectNamespace } from "../../src/worker/durable/objects.ts";

export const TOKEN = "a-token-for-tests";

export interface TestEdge {
  /** There once it is started, as its bindings are. */
  readonly url: string;
  /** The objects themselves, callable from here. */
  readonly bindings: ObjectBindings;
  start(): Promise<void>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Ends an object as the platform does when it needs the room; what it stored stays. */
  evict(binding: "REGISTRY" | "COLLECTIONS", name: string): Promise<void>;
  /** Runs a statement inside an object, to damage it. */
  runSql(binding: "REGISTRY" | "COLLECTIONS", name: string, statement: string): Promise<void>;
  close(): Promise<void>;
}

type Given = readonly [vars?: Readonly<Record<string, string>>, configPath?: string];

/** Starts it with these settings, and with another configuration than its own where one is given. */
export async function startEdge(...given: Given): Promise<TestEdge> {
  const edge = createEdge(...given);
  await edge.start();
  return edge;
}

/** One for all tests of a file or of a `describe`: started before the first, closed after the last. */
export function useEdge(...given: Given): TestEdge {
  const edge = createEdge(...given);
  beforeAll(() => edge.start());
  afterAll(() => edge.close());
  return edge;
}

function createEdge(...[vars = {}, configPath = "./wrangler.toml"]: Given): TestEdge {
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
  let started: Pick<TestEdge, "url" | "bindings"> | undefined;
  const needStarted = () => {
    if (started === undefined) throw new Error("the Worker is started before the first test");
    return started;
  };
  return {
    get url() {
      return needStarted().url;
    },
    get bindings() {
      return needStarted().bindings;
    },
    async start() {
      const { url } = await harness.listen();
      const env = (await harness.getWorker().getEnv()) as Record<string, unknown>;
      const given = {
        registry: env["REGISTRY"],
        collections: env["COLLECTIONS"],
      } as ObjectBindings;
      started = {
        url: url.origin,
        bindings: {
          registry: keepStubs(given.registry),
          collections: keepStubs(given.collections),
        },
      };
    },
    fetch: async (path, init) => (await harness.fetch(path, init as never)) as unknown as Response,
    evict: async (binding, name) => harness.getWorker().evictDurableObject(binding, { name }),
    async runSql(binding, name, statement) {
      const storage = await harness.getWorker().getDurableObjectStorage(binding, { name });
      await storage.exec(statement);
    },
    close: async () => harness.close(),
  };
}

/**
 * Each stub is made once: from here that is a wait for the runtime, and so is the first look at each of its methods.
 * What is called from here is held from then on, and not evicted.
 */
function keepStubs<Rpc>(namespace: ObjectNamespace<Rpc>): ObjectNamespace<Rpc> {
  const stubs = new Map<string, Rpc>();
  return {
    idFromName: (name) => name,
    get(id) {
      const name = String(id);
      const stub = stubs.get(name) ?? namespace.get(namespace.idFromName(name));
      stubs.set(name, stub);
      return stub;
    },
  };
}
