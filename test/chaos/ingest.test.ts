/** Faults of the embedding endpoint during ingest: what is refused is not written, what is written is right. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UPSTREAM_TEXT } from "../../scripts/chaos/reply.ts";
import { startUpstream, type Upstream } from "../../scripts/chaos/upstream.ts";
import { EXIT_CODES, type ExitCode } from "../../ingest/commands/exit-codes.ts";
import { parseConfig } from "../../src/config.ts";
import { createEmbedders, createStore } from "../../src/node/wire.ts";
import { onAll } from "../support/chaos-world.ts";
import { makeTempFolder, type TempFolder } from "../support/local-store.ts";
import { runProgram } from "../support/process.ts";

const TOPICS = ["retries", "queues", "timeouts", "breakers", "hedging", "caches"];
const KEY = "sk-test-0123456789abcdef";
const { signal } = new AbortController();

let docs: TempFolder;
beforeAll(async () => {
  docs = await makeTempFolder();
  for (const topic of TOPICS) {
    await writeFile(
      join(docs.path, `${topic}.md`),
      `# About ${topic}\n\nThis page tells of ${topic}.\n`,
    );
  }
});
afterAll(() => docs[Symbol.asyncDispose]());

interface Case {
  readonly name: string;
  readonly fault: string;
  readonly times?: number;
  readonly code: ExitCode;
  /** Documents stored afterwards. */
  readonly stored: number;
  /** Requests for vectors: exactly, or at least and at most. */
  readonly requests: readonly [least: number, most: number];
}

const all = TOPICS.length;
const { ok, unavailable } = EXIT_CODES;
const cases: readonly Case[] = [
  { name: "rows out of order", fault: "shuffled", code: ok, stored: all, requests: [1, 3] },
  {
    name: "an outage, once",
    fault: "status=503",
    times: 1,
    code: ok,
    stored: all,
    requests: [2, 4],
  },
  {
    name: "a row is missing, every time",
    fault: "missing",
    code: unavailable,
    stored: 0,
    requests: [2, 2],
  },
  { name: "zeros", fault: "zeros", code: unavailable, stored: 0, requests: [1, 2 * all] },
  { name: "NaN", fault: "nan", code: unavailable, stored: 0, requests: [2, 2] },
  { name: "an index twice", fault: "duplicate", code: unavailable, stored: 0, requests: [2, 2] },
  {
    name: "a rate limit that names its time, once",
    fault: "rate-limit-seconds=1",
    times: 1,
    code: ok,
    stored: all,
    requests: [2, 4],
  },
  { name: "a wrong key", fault: "status=401", code: unavailable, stored: 0, requests: [1, 1] },
  { name: "a redirect", fault: "redirect=307", code: unavailable, stored: 0, requests: [1, 1] },
];

test.concurrent.each(cases)(
  "$name: ends with $code, $stored documents stored",
  async ({ fault, times, code, stored, requests }) => {
    await using upstream = await startUpstream({
      settings: onAll("embeddings", fault, times === undefined ? {} : { times }),
    });
    await using folder = await makeTempFolder();
    const env = toEnv(upstream, folder);
    const done = await runProgram("ingest/main.ts", [docs.path, "--collection", "notes"], env);
    const printed = `${done.stdout}${done.stderr}`;
    expect({ code: done.code, printed }).toEqual({ code, printed });
    const secrets = [KEY, ...UPSTREAM_TEXT.split(" ").filter((word) => word.length > 8), "    at "];
    expect(secrets.filter((secret) => printed.includes(secret))).toEqual([]);
    const seen = upstream.journal.totals();
    expect(seen.requests).toBeGreaterThanOrEqual(requests[0]);
    expect(seen.requests).toBeLessThanOrEqual(requests[1]);
    expect(seen).toMatchObject({ open: 0, left: 0 });
    upstream.set({ rules: [] });
    expect(await findNearest(env)).toEqual(stored === 0 ? [] : TOPICS.toSorted());
  },
);

test.concurrent("vectors of another length are refused, and the collection stays as it was", async () => {
  await using upstream = await startUpstream();
  await using folder = await makeTempFolder();
  await using more = await makeTempFolder();
  const env = toEnv(upstream, folder);
  const first = await runProgram("ingest/main.ts", [docs.path, "--collection", "notes"], env);
  expect(first).toMatchObject({ code: EXIT_CODES.ok });
  await mkdir(join(more.path, "sub"));
  await writeFile(
    join(more.path, "sub", "new.md"),
    "# About drains\n\nThis page tells of drains.\n",
  );
  upstream.set(onAll("embeddings", "dimension=3"));
  const second = await runProgram("ingest/main.ts", [more.path, "--collection", "notes"], env);
  expect(second.code).not.toBe(EXIT_CODES.ok);
  expect(second.stderr + second.stdout).toMatch(/3 .*64|64 .*3/);
  upstream.set({ rules: [] });
  expect(await findNearest(env)).toEqual(TOPICS.toSorted());
});

function toEnv({ url }: Upstream, folder: TempFolder): Readonly<Record<string, string>> {
  const DATA_DIR = join(folder.path, "store");
  return { DATA_DIR, OPENAI_BASE_URL: url, OPENAI_API_KEY: KEY, EMBEDDING_MODEL: "m" };
}

/** For each topic its own document must be the nearest: then every vector is with its text. Topics for which it is. */
async function findNearest(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const config = parseConfig(env);
  const store = await createStore(config);
  if ((await store.list(signal)).length === 0) return [];
  const { forIngest } = await createEmbedders(config);
  const snapshot = await store.open("notes", signal);
  const found = await Promise.all(
    TOPICS.map(async (topic) => {
      const [vector] = await forIngest.embed([`About ${topic}`], "query", signal);
      if (vector === undefined) return [];
      const query = { type: "vector", vector, limit: 1, timeoutMs: 5_000 } as const;
      const [hit] = await snapshot.search(query, signal);
      if (hit === undefined) return [];
      const [taken] = await snapshot.take([hit.row], signal);
      return taken !== undefined && JSON.stringify(taken).includes(`tells of ${topic}`)
        ? [topic]
        : [];
    }),
  );
  return found.flat().toSorted();
}
