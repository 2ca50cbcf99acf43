/** Faults of the embedding endpoint during ingest: what is refused is not written, what is written is right. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Entry, Totals } from "../../scripts/chaos/journal.ts";
import { UPSTREAM_TEXT } from "../../scripts/chaos/reply.ts";
import { startUpstream, type Upstream } from "../../scripts/chaos/upstream.ts";
import { EXIT_CODES, type ExitCode } from "../../ingest/commands/exit-codes.ts";
import { parseConfig } from "../../src/config.ts";
import { createEmbedders, createStore } from "../../src/node/wire.ts";
import { onAll, until } from "../support/chaos-world.ts";
import { makeTempFolder, type TempFolder } from "../support/local-store.ts";
import { runProgram } from "../support/process.ts";

const TOPICS = ["retries", "queues", "timeouts", "breakers", "hedging", "caches"];
const KEY = "sk-test-0123456789abcdef";
const { signal } = new AbortController();

/** With the topics more than the 32 texts that are asked for in one call. */
const MANY = 40;

let docs: TempFolder;
let more: TempFolder;
beforeAll(async () => {
  docs = await makeTempFolder();
  more = await makeTempFolder();
  for (let page = 0; page < MANY; page += 1) {
    await writeFile(
      join(more.path, `${page}.md`),
      `# Page ${page}\n\nIt is the one after another.\n`,
    );
  }
  for (const topic of TOPICS) {
    await writeFile(
      join(docs.path, `${topic}.md`),
      `# About ${topic}\n\nThis page tells of ${topic}.\n`,
    );
  }
});
afterAll(async () => {
  await docs[Symbol.asyncDispose]();
  await more[Symbol.asyncDispose]();
});

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
    expectNothingPrivate(printed);
    const seen = await readTotals(upstream, requests);
    expect(seen.left).toBe(0);
    upstream.set({ rules: [] });
    expect(await findNearest(env)).toEqual(stored === 0 ? [] : TOPICS.toSorted());
  },
);

/** Of more texts than one call has, the first call is answered and the others are not. */
interface Midway extends Pick<Case, "fault" | "requests"> {
  readonly says: RegExp;
  /** The vectors are right all the same, and the first run ends well. */
  readonly isHarmless?: boolean;
  /** Answers that have no end are left. */
  readonly leaves?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** A silence is left after this time; what is healthy may be as late on a busy machine, and is asked for again. */
const SHORT = { INGEST_EMBED_TIMEOUT_MS: "1500" };
const noAnswer = { says: /did not answer within 1500 ms/, env: SHORT, leaves: true } as const;
/** So many calls at most before they are held off: the halves of a call, and each text alone. */
const HALVED = [3, 2 * MANY] as const;

const midway: readonly Midway[] = [
  { fault: "stall-headers", ...noAnswer, requests: [3, 12] },
  { fault: "stall-body", ...noAnswer, requests: [3, 12] },
  {
    fault: "reset-after=0",
    says: /the connection broke: check OPENAI_BASE_URL/,
    requests: [3, 12],
  },
  { fault: "html", says: /sent a web page: check OPENAI_BASE_URL/, requests: [3, 3] },
  { fault: "endless-line", says: /sent more than 16777216 bytes/, requests: [3, 3], leaves: true },
  { fault: "base64", says: /sent a vector that is not a list of numbers/, requests: HALVED },
  { fault: "infinity", says: /sent a vector that is not finite/, requests: HALVED },
  { fault: "nulls", says: /with a component that is not a number/, requests: HALVED },
  { fault: "missing", says: /sent \d+ embeddings for \d+ texts/, requests: [3, 3] },
  { fault: "redirect=308", says: /is behind a redirect, which is not followed/, requests: [2, 2] },
  { fault: "shuffled", says: /holds 46 documents/, requests: [2, 3], isHarmless: true },
];

test.each(midway)(
  "$fault after a call that was answered: nothing half is written, and the next run pays for the rest alone",
  async ({ fault, says, requests, isHarmless = false, leaves = false, env: own = {} }) => {
    const settings = onAll("embeddings", fault, { skip: 1 });
    await using upstream = await startUpstream({ settings });
    await using folder = await makeTempFolder();
    const env = toEnv(upstream, folder);
    const args = [docs.path, more.path, "--collection", "notes"];
    const done = await runProgram("ingest/main.ts", args, { ...env, ...own });
    const printed = `${done.stdout}${done.stderr}`;
    expect({ code: done.code, printed }).toEqual({ code: isHarmless ? ok : unavailable, printed });
    expect(printed).toMatch(says);
    expectNothingPrivate(printed);
    const { left } = await readTotals(upstream, requests);
    expect(left > 0).toBe(leaves);
    const isPaid = (entry: Entry): boolean => isHarmless || entry.faults.length === 0;
    const paid = new Set(listTexts(upstream, isPaid).flat());
    upstream.set({ rules: [] });
    expect(await findNearest(env)).toEqual(isHarmless ? TOPICS.toSorted() : []);

    const before = upstream.requests.length;
    const again = await runProgram("ingest/main.ts", args, env);
    expect(again).toMatchObject({ code: ok });
    expectNothingPrivate(`${again.stdout}${again.stderr}`);
    const asked = listTexts(upstream, () => true)
      .slice(before)
      .flat();
    expect(asked.filter((text) => paid.has(text))).toEqual([]);
    expect(await findNearest(env)).toEqual(TOPICS.toSorted());
  },
);

/** What the upstream saw, once all of it is over. */
async function readTotals({ journal }: Upstream, [least, most]: Case["requests"]): Promise<Totals> {
  await until(() => journal.totals().open === 0, "an exchange is still open");
  const totals = journal.totals();
  expect(totals.requests).toBeGreaterThanOrEqual(least);
  expect(totals.requests).toBeLessThanOrEqual(most);
  return totals;
}

/** The texts of each request; of those whose answer does not count, none. */
function listTexts(
  { requests, journal }: Upstream,
  counts: (entry: Entry) => boolean,
): readonly (readonly string[])[] {
  return requests.map(({ body }, at) => {
    const entry = journal.entries[at];
    return entry?.end === "finished" && counts(entry) ? (body["input"] as readonly string[]) : [];
  });
}

function expectNothingPrivate(printed: string): void {
  const words = UPSTREAM_TEXT.split(" ").filter((word) => word.length > 8);
  const secrets = [KEY, "Gateway", "node_modules", ...words, "    at "];
  expect(secrets.filter((secret) => printed.includes(secret))).toEqual([]);
}

test.concurrent("vectors of another length are refused, and the collection stays as it was", async () => {
  await using upstream = await startUpstream();
  await using folder = await makeTempFolder();
  await using newer = await makeTempFolder();
  const env = toEnv(upstream, folder);
  const first = await runProgram("ingest/main.ts", [docs.path, "--collection", "notes"], env);
  expect(first).toMatchObject({ code: EXIT_CODES.ok });
  await mkdir(join(newer.path, "sub"));
  await writeFile(
    join(newer.path, "sub", "new.md"),
    "# About drains\n\nThis page tells of drains.\n",
  );
  upstream.set(onAll("embeddings", "dimension=3"));
  const second = await runProgram("ingest/main.ts", [newer.path, "--collection", "notes"], env);
  expect(second.code).not.toBe(EXIT_CODES.ok);
  expect(second.stderr + second.stdout).toMatch(/3 .*64|64 .*3/);
  upstream.set({ rules: [] });
  expect(await findNearest(env)).toEqual(TOPICS.toSorted());
});

function toEnv({ url }: Upstream, folder: TempFolder): Readonly<Record<string, string>> {
  const DATA_DIR = join(folder.path, "store");
  const endpoint = { OPENAI_BASE_URL: url, OPENAI_API_KEY: KEY, EMBEDDING_MODEL: "m" };
  // An endpoint that has answered once is waited for, and none of these comes back by itself.
  const patience = { INGEST_PATIENCE_MS: "1", ATTEMPTS_MAX: "2" };
  // No limit of time is met by a question on a busy machine.
  const late = { EMBED_ATTEMPT_TIMEOUT_MS: "25000", EMBED_TIMEOUT_MS: "26000" };
  return { DATA_DIR, ...endpoint, ...patience, ...late };
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
