/** The kit itself: what it serves, how it fails, what it remembers, and how it is told. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { type FaultKind, FAULTS, TARGETS } from "../../scripts/chaos/fault.ts";
import type { Entry, Totals } from "../../scripts/chaos/journal.ts";
import { parseFaults } from "../../scripts/chaos/parse-faults.ts";
import type { SettingsInput } from "../../scripts/chaos/settings.ts";
import { STREAM_SHAPES } from "../../scripts/chaos/stream-shapes.ts";
import { createTimerWheel } from "../../scripts/chaos/timer-wheel.ts";
import { startUpstream, type Upstream } from "../../scripts/chaos/upstream.ts";
import { askWorld, makeChaosStore, startWorld } from "../support/chaos-world.ts";
import { makeTempFolder } from "../support/local-store.ts";
import { runProgram, startProgram } from "../support/process.ts";

const COMMAND = "scripts/chaos.ts";
const origin = (url: string): string => new URL(url).origin;

/** A POST with faults named in its header. */
function post(url: string, path: string, body: object, faults?: string): Promise<Response> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (faults !== undefined) headers["x-chaos"] = faults;
  return fetch(`${url}${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    redirect: "manual",
  });
}

const chat = { model: "m", stream: true, messages: [{ role: "user", content: "hello" }] };
const client = ({ url }: Upstream): OpenAI =>
  new OpenAI({ baseURL: url, apiKey: "k", maxRetries: 0 });

describe("a healthy upstream speaks the protocol", () => {
  test("streams the words it was told, with usage when asked", async () => {
    await using upstream = await startUpstream({
      settings: { chat: { content: "words", tokens: 5 } },
    });
    const stream = await client(upstream).chat.completions.create({
      model: "m",
      messages: [{ role: "user", content: "hi" }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let tokens: number | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    expect(text).toBe("word0 word1 word2 word3 word4 ");
    expect(tokens).toBe(5);
  });

  test("answers whole, one scripted reply after another, the last again and again", async () => {
    await using upstream = await startUpstream({ settings: { chat: { replies: ["one", "two"] } } });
    const ask = async () => {
      const messages = [{ role: "user" as const, content: "hi" }];
      const done = await client(upstream).chat.completions.create({ model: "m", messages });
      return done.choices[0]?.message.content;
    };
    expect([await ask(), await ask(), await ask()]).toEqual(["one", "two", "two"]);
  });

  test("gives unit vectors of the dimension asked for, equal texts equal ones", async () => {
    await using upstream = await startUpstream({ settings: { embeddings: { dimensions: 16 } } });
    const embed = (input: string[], dimensions?: number) =>
      client(upstream).embeddings.create({ model: "m", input, ...(dimensions && { dimensions }) });
    const { data } = await embed(["retries", "queues", "retries"]);
    expect(data.map(({ embedding }) => embedding.length)).toEqual([16, 16, 16]);
    for (const { embedding } of data) expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    expect(data[2]?.embedding).toEqual(data[0]?.embedding);
    expect(data[1]?.embedding).not.toEqual(data[0]?.embedding);
    expect((await embed(["x"], 8)).data[0]?.embedding).toHaveLength(8);
  });

  test("lists models, scores documents in both forms, and says what is there", async () => {
    await using upstream = await startUpstream({ settings: { models: ["a", "b"] } });
    const models = await client(upstream).models.list();
    expect(models.data.map(({ id }) => id)).toEqual(["a", "b"]);
    const documents = ["nothing", "retries use jitter"];
    const cohere = await post(origin(upstream.url), "/v2/rerank", { query: "retries", documents });
    expect(await cohere.json()).toMatchObject({
      results: [
        { index: 0, relevance_score: 0 },
        { index: 1, relevance_score: 0.5 },
      ],
    });
    const tei = await post(upstream.url, "/rerank", { query: "retries", texts: documents });
    expect(await tei.json()).toMatchObject([
      { index: 0, score: 0 },
      { index: 1, score: 0.5 },
    ]);
    const nowhere = await post(upstream.url, "/nowhere", {});
    expect(nowhere.status).toBe(404);
    expect(await nowhere.text()).toContain("/v1/chat/completions");
  });

  test("says a passage's sentences without the headings and signs that would make them something else", async () => {
    await using upstream = await startUpstream();
    const passage =
      "[1] Retries\n\n## Why retries need jitter\n\n- Retries use jitter.\n- Clients do not.";
    const content = `${passage}\n\nQuestion: Why do retries use jitter?`;
    const messages = [{ role: "user" as const, content }];
    const { choices } = await client(upstream).chat.completions.create({ model: "m", messages });
    expect(choices[0]?.message.content).toBe("Retries use jitter. [1]");
  });

  test("answers from the passages it is sent, so that a run of the service ends grounded", async () => {
    await using folder = await makeChaosStore();
    await using world = await startWorld({ folder });
    const { body } = await askWorld(world, { stream: false });
    expect(JSON.parse(body)).toMatchObject({ outcome: "finished", grounding: "grounded" });
    expect(JSON.parse(body).citations.length).toBeGreaterThan(0);
  });
});

describe("a request names its own faults", () => {
  test("in its header", async () => {
    await using upstream = await startUpstream();
    const refused = await post(upstream.url, "/chat/completions", chat, "rate-limit-seconds=90");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("90");
    await refused.text();
    const cut = await post(upstream.url, "/chat/completions", chat, "eof-after=0, split=3");
    expect(await cut.text()).toBe("");
    await expect(post(upstream.url, "/chat/completions", chat, "reset")).rejects.toThrow(
      "fetch failed",
    );
  });

  test.each([
    ["no-such-fault", "there is no fault no-such-fault; there are: latency"],
    ["zeros", "zeros happens on embeddings, not on chat"],
    ["status=99", "takes a status: 300 to 599"],
    ["latency=9-3", "takes milliseconds"],
    ["latency=x", "takes milliseconds"],
    ["reset=3", "takes no value"],
    ["shape=round", "takes one of tool-fragments"],
  ])("and is told what is wrong with %s", async (faults, expected) => {
    await using upstream = await startUpstream();
    const response = await post(upstream.url, "/chat/completions", chat, faults);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(expected);
  });

  test("every fault has a preset or a value that its name alone does not need", () => {
    const needless = Object.keys(FAULTS).filter((name) => name !== "shape");
    for (const name of needless) expect(parseFaults(name)).toHaveLength(1);
    for (const shape of Object.keys(STREAM_SHAPES)) {
      expect(parseFaults(`shape=${shape}`)).toMatchObject([{ name: "shape", word: shape }]);
    }
    expect(parseFaults("none")).toEqual([]);
    expect(parseFaults("error-after=2:502, latency=5-9")).toMatchObject([
      { value: 2, word: "502" },
      { value: 5, high: 9 },
    ]);
  });
});

describe("rules", () => {
  /** Statuses of so many requests under these settings. */
  async function statuses(settings: SettingsInput, count: number): Promise<readonly number[]> {
    await using upstream = await startUpstream({ settings });
    const found: number[] = [];
    for (let at = 0; at < count; at += 1) {
      const response = await post(upstream.url, "/embeddings", { input: "x" });
      await response.text();
      found.push(response.status);
    }
    return found;
  }

  test("the same seed fails the same requests, another seed others", async () => {
    const rule = { on: "any", oneOf: ["status=500", "status=503"], rate: 0.3 } as const;
    const first = await statuses({ seed: 7, rules: [rule] }, 200);
    expect(await statuses({ seed: 7, rules: [rule] }, 200)).toEqual(first);
    expect(await statuses({ seed: 8, rules: [rule] }, 200)).not.toEqual(first);
    const failed = first.filter((status) => status !== 200).length / first.length;
    expect(failed).toBeGreaterThan(0.2);
    expect(failed).toBeLessThan(0.4);
  });

  test("skip leaves some alone, times stops, the first that applies decides", async () => {
    const rules = [
      { fault: "status=500", skip: 1, times: 2 },
      { on: "embeddings", fault: "status=429" },
    ] as const;
    expect(await statuses({ rules }, 5)).toEqual([429, 500, 500, 429, 429]);
  });
});

describe("while it runs", () => {
  test("it is told other faults, and says what it saw", async () => {
    await using upstream = await startUpstream();
    const control = origin(upstream.url);
    const journal = async (): Promise<{ totals: Totals; entries: readonly Entry[] }> =>
      (await fetch(`${control}/chaos/journal`)).json() as Promise<never>;
    const told = await post(control, "/chaos/faults", {
      rules: [{ on: "chat", fault: "status=503", times: 1 }],
    });
    expect(told.status).toBe(200);
    for (let at = 0; at < 2; at += 1)
      await (await post(upstream.url, "/chat/completions", chat)).text();
    const leaving = new AbortController();
    const stalled = fetch(`${upstream.url}/embeddings`, {
      method: "POST",
      headers: { "x-chaos": "stall-headers" },
      body: '{"input":"x"}',
      signal: leaving.signal,
    });
    await expect.poll(async () => (await journal()).totals.open).toBe(1);
    leaving.abort();
    await expect(stalled).rejects.toThrow("abort");
    await expect.poll(async () => (await journal()).totals.left).toBe(1);
    const { totals, entries } = await journal();
    expect(totals).toMatchObject({
      requests: 3,
      repeated: 1,
      faults: 2,
      byTarget: { chat: 2, embeddings: 1 },
    });
    expect(entries).toMatchObject([
      { on: "chat", attempt: 1, faults: ["status=503"], status: 503, end: "finished" },
      { on: "chat", attempt: 2, faults: [], status: 200, end: "finished" },
      { on: "embeddings", attempt: 1, faults: ["stall-headers"], status: 0, end: "left" },
    ]);
    expect(JSON.stringify(entries)).not.toContain("hello");
    await fetch(`${control}/chaos/journal`, { method: "DELETE" });
    expect(await journal()).toMatchObject({ totals: { requests: 0 }, entries: [] });
  });

  test("it names faults in the journal as they were written, and what was open stays in it", async () => {
    await using upstream = await startUpstream();
    const faults = ["latency=1-2", "shape=tool-search", "eof-after=0", "error-after=0:502"];
    for (const fault of faults) {
      await (await post(upstream.url, "/chat/completions", chat, fault)).text();
    }
    const { entries } = upstream.journal;
    expect(entries.map((entry) => entry.faults)).toEqual(faults.map((fault) => [fault]));
    const leaving = new AbortController();
    const headers = { "x-chaos": "stall-headers" };
    const stalled = fetch(`${upstream.url}/embeddings`, {
      method: "POST",
      headers,
      body: '{"input":"ü"}',
      signal: leaving.signal,
    });
    await expect.poll(() => upstream.journal.totals().open).toBe(1);
    upstream.journal.reset();
    expect(upstream.journal.totals()).toMatchObject({ requests: 1, byTarget: { embeddings: 1 } });
    leaving.abort();
    await expect(stalled).rejects.toThrow("abort");
    await expect.poll(() => upstream.journal.totals().left).toBe(1);
    expect(entries).toMatchObject([{ end: "left", bytesIn: 14 }]);
  });

  test("connections that fail before there is a request are counted", async () => {
    const rules = [{ on: "connection", fault: "reset-accept", times: 2 }] as const;
    await using upstream = await startUpstream({ settings: { rules } });
    for (let at = 0; at < 2; at += 1) {
      await expect(post(upstream.url, "/embeddings", { input: "x" })).rejects.toThrow("fetch");
    }
    expect(upstream.journal.totals()).toMatchObject({ requests: 0, connections: { failed: 2 } });
  });

  test.each([
    ["pings=5", ": ping\n\n: ping\n\n"],
    ["blank-deltas=5", '"delta":{"role":"assistant"}'],
    ["endless-line", "xxxxxxxx"],
  ])("%s fills a silence after the n-th delta", async (filler, expected) => {
    await using upstream = await startUpstream({ settings: { chat: { content: "words" } } });
    const fault = `stall-after=2, ${filler}`;
    const { body } = await post(upstream.url, "/chat/completions", chat, fault);
    let text = "";
    for await (const part of body ?? []) {
      text += Buffer.from(part).toString();
      if (text.includes(expected)) break;
    }
    expect(text).toContain("word1");
    expect(text).not.toContain("word2");
  });

  test.each([
    [
      '{"rules":[{"fault":"zeros","on":"chat"}]}',
      "rules.0: zeros happens on embeddings, not on chat",
    ],
    ['{"rules":[{"on":"chat"}]}', "rules.0: give either `fault` or `oneOf`"],
    ['{"rule":[]}', "rule"],
    ['{"chat":{"deltaMs":-1}}', "chat.deltaMs"],
    ["{oops", "not JSON"],
  ])("it refuses %s and stays as it was", async (body, expected) => {
    await using upstream = await startUpstream();
    const before = upstream.settings;
    const response = await fetch(`${origin(upstream.url)}/chaos/faults`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(expected);
    expect(upstream.settings).toBe(before);
  });

  test("it holds many paced streams at once", async () => {
    await using upstream = await startUpstream();
    const read = async () => (await post(upstream.url, "/chat/completions", chat)).text();
    let overlapMax = 0;
    // On a busy machine the first may be over before the last is begun: then they take longer.
    for (const deltaMs of [60, 240, 960]) {
      upstream.set({ chat: { content: "words", tokens: 30, deltaMs } });
      upstream.journal.reset();
      const texts = await Promise.all(Array.from({ length: 64 }, read));
      for (const text of texts) expect(text.split("\n\n")).toHaveLength(33);
      expect(upstream.journal.totals()).toMatchObject({ requests: 64, finished: 64, left: 0 });
      ({ overlapMax } = upstream.journal.totals());
      if (overlapMax === 64) break;
    }
    expect(overlapMax).toBe(64);
  });
});

test("a redirect leads to an answer, so that a client which follows it shows", async () => {
  await using upstream = await startUpstream();
  const response = await fetch(`${upstream.url}/embeddings`, {
    method: "POST",
    headers: { "x-chaos": "redirect=307" },
    body: '{"input":"x"}',
  });
  expect(response.status).toBe(200);
  expect(upstream.journal.totals().requests).toBe(2);
});

test("every fault and every shape stands in the guide as it is", () => {
  const page = readFileSync("data/guide/chaos.md", "utf8");
  const rows = Object.entries<FaultKind>(FAULTS).map(([name, { on, takes, preset, meaning }]) => {
    const where = on.length === TARGETS.length ? "any" : on.join(", ");
    const value = { ms: "milliseconds", count: "number", "count:word": "number:code" } as const;
    const taken = takes in value ? value[takes as keyof typeof value] : takes;
    const given = preset === undefined ? "" : `, ${preset}`;
    return `| \`${name}\` | ${where} | ${taken}${given} | ${meaning} |`;
  });
  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
  expect(Object.keys(STREAM_SHAPES).filter((name) => !page.includes(`| \`${name}\` | `))).toEqual(
    [],
  );
});

test("the timer wheel fires each once, in order, and not what was cancelled", async () => {
  const wheel = createTimerWheel(1);
  const fired: string[] = [];
  const [late, next] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const fire = (name: string, { resolve }: { readonly resolve: () => void }) => {
    fired.push(name);
    resolve();
  };
  wheel.after(300, () => fire("late", late));
  const cancel = wheel.after(150, () => fired.push("cancelled"));
  wheel.after(0, () => {
    fired.push("now");
    cancel();
    wheel.after(0, () => fire("next", next));
  });
  expect(wheel.pending).toBe(3);
  await Promise.all([late.promise, next.promise]);
  // On a machine that stood still for 300 ms the late one was due before the next was asked for.
  expect(fired[0]).toBe("now");
  expect(fired.toSorted()).toEqual(["late", "next", "now"]);
  expect(wheel.pending).toBe(0);
});

describe("pnpm chaos", () => {
  test("serves, prints a line for each exchange, and ends on SIGTERM", async () => {
    await using folder = await makeTempFolder();
    const file = join(folder.path, "chaos.json");
    await writeFile(file, JSON.stringify({ rules: [{ on: "chat", fault: "stall-after=2" }] }));
    const args = [
      "--port",
      "0",
      "--json",
      "--seed",
      "7",
      "--fail",
      "1",
      "--fault",
      "status=418",
      "--file",
      file,
    ];
    await using program = startProgram(COMMAND, args);
    await program.printed("listening");
    const { url } = JSON.parse(program.stdout()) as { url: string };
    expect((await post(url, "/embeddings", { input: "x" })).status).toBe(418);
    await program.printed('"exchange"');
    const [, exchange] = program.stdout().trim().split("\n");
    expect(JSON.parse(exchange ?? "")).toMatchObject({ on: "embeddings", status: 418 });
    program.kill("SIGTERM");
    expect(await program.exit).toBe(0);
  });

  test.each([
    [["--fail", "2"], "rate"],
    [["--fault", "stat"], "there is no fault stat"],
    [["--on", "chat"], "give one of them"],
    [["--port", "99999"], "0 to 65535"],
    [["--file", "nowhere.json"], "nowhere.json cannot be read"],
    [["--nonsense"], "--nonsense"],
  ])("refuses %j in one line", async (args, expected) => {
    const { code, stdout, stderr } = await runProgram(COMMAND, args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(expected);
  });

  test("--help names every option", async () => {
    const { code, stdout } = await runProgram(COMMAND, ["--help"]);
    expect(code).toBe(0);
    for (const option of ["--port", "--seed", "--fail", "--fault", "--file", "--json"]) {
      expect(stdout).toContain(option);
    }
  });
});
