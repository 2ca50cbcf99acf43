/** Structured output with a model that says what it was told: attempts, policies, what is shown, what ends a run. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBudget } from "../../src/agent/budget.ts";
import { respond } from "../../src/agent/respond.ts";
import type { Ask } from "../../src/domain/ask.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import { createValidator } from "../../src/json/validate.ts";
import type { ChatRequest } from "../../src/models/model.ts";
import { withFallback } from "../../src/models/with-fallback.ts";
import { isBeginning } from "../support/grows.ts";
import { createTestRun, toAsk, toPassage } from "../support/run.ts";
import { createScriptedChat, says, type Script } from "../support/scripted-chat.ts";

const QUESTION = "What is the retry limit of the gateway, and who owns it?";
const passages = [
  toPassage(1, "The gateway has a retry limit of 5. It was raised on March 4, 2024."),
  toPassage(2, "The gateway is owned by the Platform team, led by Ada Byron.", { start: 100 }),
  toPassage(3, "Queues reject work when they are full.", {
    metadata: { url: "https://docs.example.org/q" },
  }),
];
const schema = {
  type: "object",
  properties: {
    retryLimit: { type: "integer", minimum: 0 },
    owner: { type: "string" },
    certainty: { enum: ["high", "low"] },
    note: { type: "string" },
  },
  required: ["retryLimit", "owner"],
  additionalProperties: false,
};
const good = { retryLimit: 5, owner: "Platform team", certainty: "high" };
const found = (value: unknown): string => JSON.stringify({ found: true, value });

interface Options {
  readonly ask?: Partial<Omit<Ask, "retrieval">>;
  readonly env?: Readonly<Record<string, string>>;
  /** What the fallback model says. */
  readonly second?: readonly Script[];
}

/** Nothing is searched once more. */
const nowhere = { embedders: new Map(), rerankers: {} };

async function run(
  scripts: readonly Script[],
  { ask: changes = {}, env = {}, second }: Options = {},
) {
  const chat = createScriptedChat(...scripts);
  const own = createTestRun(env);
  const ask = toAsk(QUESTION, { output: { schema }, ...changes });
  const sentenceEmbedder = {
    id: "none",
    batchMax: 1,
    fusionWeight: 0,
    embed: (): Promise<never> => Promise.reject(new Error("nothing is to be embedded")),
  };
  const budget = createBudget(ask.limits, own.config);
  const asked =
    second === undefined
      ? chat
      : withFallback(chat, [{ ...createScriptedChat(...second), id: "second" }]);
  const deps = { ...nowhere, chat: asked, sentenceEmbedder };
  const answer = respond(deps, ask, { passages, opened: [], budget }, own);
  const settled = await answer.then(
    (response) => ({ response, error: undefined }),
    (error: unknown) => ({ response: undefined, error }),
  );
  own.deadline[Symbol.dispose]();
  return { ...settled, events: own.events, degraded: own.degraded, requests: chat.requests };
}

const partialsOf = (events: readonly RunEvent[]): readonly unknown[] =>
  events.flatMap((event) => (event.type === "output-partial" ? [event.value] : []));
const typesOf = (events: readonly RunEvent[]): readonly string[] =>
  events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
const lastWords = (request: ChatRequest | undefined): string =>
  request?.messages.at(-1)?.content ?? "";

describe("a value that satisfies the schema", () => {
  test("is the run's output, with what bears out each leaf", async () => {
    const { response, events, requests } = await run([says(found(good))]);
    expect(response).toMatchObject({ answerer: "scripted", grounding: "grounded", output: good });
    expect(response?.outputChecks).toEqual([
      {
        pointer: "/retryLimit",
        verdict: "supported",
        citations: [{ label: 1, evidence: { documentId: "d1", start: 0, end: 35 } }],
      },
      {
        pointer: "/owner",
        verdict: "supported",
        citations: [{ label: 2, evidence: { documentId: "d2", start: 100, end: 160 } }],
      },
      { pointer: "/certainty", verdict: "unchecked", citations: [] },
    ]);
    expect(partialsOf(events).at(-1)).toEqual(good);
    expect(events.some(({ type }) => type === "text-delta")).toBe(false);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.outputSchema).toMatchObject({ required: ["found"] });
    expect(requests[0]?.messages[0]?.content).toContain(JSON.stringify(schema));
  });

  test.each([
    ["in a code fence", `\`\`\`json\n${found(good)}\n\`\`\``],
    ["behind an introduction", `Sure, here it is:\n${found(good)}\nAnything else?`],
    ["behind thoughts", `<think>{"found": false} or not?</think>${found(good)}`],
    ["without what is around it", JSON.stringify(good)],
  ])("is read %s", async (_name, text) => {
    expect((await run([says(text)])).response?.output).toEqual(good);
  });

  test("is written from the best passages where the context of the model is small", async () => {
    const env = { OUTPUT_TOKENS_MAX: "100", CHAT_CONTEXT_TOKENS_MAX: "101" };
    const { response, requests, degraded } = await run([says(found(good))], { env });
    expect(lastWords(requests[0])).toContain("[1]");
    expect(lastWords(requests[0])).not.toContain("[2]");
    expect(degraded).toEqual(["context_trimmed"]);
    expect(response?.outputChecks).toMatchObject([
      { pointer: "/retryLimit", verdict: "supported" },
      { pointer: "/owner", verdict: "unsupported" },
      { pointer: "/certainty", verdict: "unchecked" },
    ]);
  });

  test("may be any value, null too", async () => {
    const ask = { output: { schema: { type: "null" } } };
    const { response } = await run([says(found(null))], { ask });
    expect(response).toMatchObject({ output: null, grounding: "ungrounded" });
  });

  test("refers to itself in the schema that the endpoint gets", async () => {
    const tree = {
      $defs: { n: { type: "number" } },
      type: "object",
      properties: { n: { $ref: "#/$defs/n" }, next: { $ref: "#" } },
    };
    const value = { n: 5, next: { n: 5 } };
    const { response, requests } = await run([says(found(value))], {
      ask: { output: { schema: tree } },
    });
    expect(response?.output).toEqual(value);
    const envelope = requests[0]?.outputSchema ?? {};
    const { validate } = createValidator(envelope);
    expect(validate({ found: true, value })).toEqual([]);
    expect(validate({ found: true, value: { next: { n: "5" } } })).toHaveLength(1);
  });
});

describe("the answerer of a value", () => {
  const down: Script = [new AppError("upstream_unavailable")];
  const faulty = says(found({ retryLimit: "5" }));
  const value = says(found({ ...good, owner: "Data team" }));
  const right = says(found(good));
  const cases = [
    { name: "the fallback", first: [down], second: [right], answerer: "second" },
    { name: "the first, back again", first: [down, right], second: [faulty], answerer: "scripted" },
    { name: "the fallback, later", first: [faulty, down], second: [right], answerer: "second" },
    {
      name: "the fallback, which mended it",
      first: [value, down],
      second: [right],
      answerer: "second",
      grounding: "repair",
    },
  ] as const;
  test.each(cases)("is the model that wrote it: $name", async (one) => {
    const ask = "grounding" in one ? { grounding: one.grounding } : {};
    const { response, degraded } = await run(one.first, { second: one.second, ask });
    expect(response).toMatchObject({ answerer: one.answerer, output: good });
    expect(degraded).toEqual(["llm_fallback_model"]);
  });
});

describe("at every cut of what the model writes", () => {
  const value = {
    owner: "Platform team of <b>Ada</b> ![x](https://evil.example/a) Byron",
    certainty: "low",
    note: 'a "quoted" \\ text é 😀',
    retryLimit: 5,
  };

  test("partials agree with the schema, only grow, and end as the output", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (size) => {
        const { events, response } = await run([says(found(value), size)]);
        const { isPrefix } = createValidator({ ...schema, required: [] });
        const partials = partialsOf(events);
        expect(partials.length).toBeGreaterThan(2);
        for (const [index, partial] of partials.entries()) {
          expect(isPrefix(partial, undefined)).toBe(true);
          const next = partials[index + 1] ?? response?.output;
          expect(isBeginning(partial, next)).toBe(true);
        }
        expect(partials.at(-1)).toEqual(response?.output);
        expect(JSON.stringify(partials)).not.toMatch(/<b>|!\[x|https:\/\/evil/);
        expect(events.some(({ type }) => type === "text-reset")).toBe(false);
      }),
      { numRuns: 12, examples: [[1]] },
    );
  });
});

describe("a value that does not", () => {
  const bad = found({ retryLimit: "five", owner: "Platform team" });

  test("is withdrawn, its faults are told, and the next one counts", async () => {
    const early = found({ owner: "Platform team", certainty: "high", retryLimit: -1 });
    const { response, events, requests } = await run([says(early), says(found(good))]);
    expect(response?.output).toEqual(good);
    expect(typesOf(events)).toEqual([
      "output-partial",
      "usage",
      "text-reset",
      "output-partial",
      "usage",
      "output-partial",
    ]);
    expect(lastWords(requests[1])).toContain("- /retryLimit must be at least 0");
    expect(requests[1]?.messages.at(-2)).toMatchObject({ role: "assistant", content: early });
  });

  test("is shown no further from where it goes astray", async () => {
    // Latin letters may begin the prompt's fence, which is chance: then they are held back.
    const astray = found({ owner: "Платформ team", retryLimit: "five", note: "x".repeat(200) });
    const { response, events } = await run([says(astray, 4), says(found(good), 4)]);
    expect(response?.output).toEqual(good);
    const partials = partialsOf(events);
    expect(partials).toContainEqual({ owner: "Платформ" });
    expect(JSON.stringify(partials)).not.toMatch(/five|xx/);
  });

  test.each<[string, string, RegExp]>([
    ["of another type", bad, /\/retryLimit must be integer, is string/],
    ["with something missing", found({ owner: "a" }), /\/retryLimit is required/],
    ["with something too much", found({ ...good, x: 1 }), /\/x is not a property/],
    ["no JSON", "The limit is five.", /is not JSON/],
    ["broken off", '{"found": true, "value": {"ret', /breaks off/],
    ["with a comma too much", '{"found": true, "value": {"retryLimit": 5,}}', /a key in double/],
    ["a key twice", '{"found": true, "value": {"owner": "a", "owner": "b"}}', /key twice/],
    ["a prototype", '{"found": true, "value": {"__proto__": {}}}', /__proto__/],
    ["too deep", `{"found": true, "value": ${"[".repeat(200)}`, /deeper/],
    ["beyond doubles", '{"found": true, "value": {"retryLimit": 1e400}}', /too large/],
    ["nothing under value", '{"found": true}', /nothing under value/],
    ["unsure", '{"found": "yes", "value": 1}', /true or false under found/],
    ["without what is around it", '{"retryLimit": "x"}', /found and value/],
  ])("%s: the model is told", async (_name, text, told) => {
    const { response, requests } = await run([says(text), says(found(good))]);
    expect(response?.output).toEqual(good);
    expect(lastWords(requests[1])).toMatch(told);
  });

  test("ends the run with a code when the attempts are used up", async () => {
    const { error, requests } = await run([says(bad), says(bad), says(bad)]);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: "output_invalid", stage: "answer" });
    expect((error as AppError).detail).toContain("asked 3 times");
    expect((error as AppError).detail).toContain("/retryLimit must be integer, is string");
    expect(requests).toHaveLength(3);
  });

  test("names the model that was asked, where another stood in for the first", async () => {
    const { error } = await run([[new AppError("upstream_unavailable")]], {
      env: { OUTPUT_RETRIES_MAX: "0" },
      second: [says(bad)],
    });
    expect((error as AppError).detail).toContain("second was asked");
  });

  test("is not asked for again beyond the limit or the run's tokens", async () => {
    const one = await run([says(bad)], { env: { OUTPUT_RETRIES_MAX: "0" } });
    expect(one.error).toMatchObject({ code: "output_invalid" });
    const limits = { stepsMax: 8, toolCallsMax: 32, tokensMax: 120 };
    const two = await run([says(bad)], { ask: { limits } });
    expect(two.error).toMatchObject({ code: "output_invalid" });
  });

  test("is left when it gets longer than it may be, and asked for again", async () => {
    const long = found({ ...good, note: "y".repeat(300) });
    const env = { OUTPUT_CHARS_MAX: String(long.length) };
    expect((await run([says(long)], { env })).response?.output).toMatchObject(good);
    const { response, requests } = await run([says(`${long} `), says(found(good))], { env });
    expect(response?.output).toEqual(good);
    expect(lastWords(requests[1])).toContain(`longer than ${long.length} characters`);
  });

  test("does not fill up the prompt", async () => {
    const huge = found({ ...good, x: "y".repeat(50_000) });
    const { requests } = await run([says(huge, 5_000), says(huge, 5_000), says(found(good))]);
    const size = (request?: ChatRequest) => JSON.stringify(request?.messages).length;
    expect(size(requests[1])).toBeLessThan(size(requests[0]) + 8_000);
    expect(Math.abs(size(requests[2]) - size(requests[1]))).toBeLessThan(100);
  });

  test("that never ends is left", async () => {
    const endless = says(`{"found":true,"value":{"owner":"${"x".repeat(10_000_000)}`, 50_000);
    const { response, events, requests } = await run([endless, says(found(good))]);
    expect(response?.output).toEqual(good);
    expect(lastWords(requests[1])).toContain("is longer than 200000 characters");
    const shown = partialsOf(events).reduce<number>(
      (sum, one) => sum + JSON.stringify(one).length,
      0,
    );
    expect(shown).toBeLessThan(200_000 * 12);
  });
});

describe("no answer", () => {
  test.each(['{"found": false}', '{"found":false,"value":null}', "NO_ANSWER", '"NO_ANSWER"'])(
    "%s: there is no output, and words say so",
    async (text) => {
      const { response, events } = await run([says(text)]);
      expect(response).toEqual({
        answerer: "scripted",
        grounding: "no-evidence",
        truncated: false,
      });
      expect(typesOf(events)).toEqual(["usage", "text-delta"]);
    },
  );

  test("a model that fails is the run's failure, because nothing can stand in for it", async () => {
    const { error } = await run([[new AppError("upstream_unavailable")]]);
    expect(error).toMatchObject({ code: "upstream_unavailable" });
  });

  test("a model that answers with nothing is told, and then the run ends", async () => {
    const nothing: Script = [{ type: "finish", reason: "stop" }];
    const { error } = await run([nothing, nothing, nothing]);
    expect(error).toMatchObject({ code: "output_invalid" });
  });
});

describe("policies", () => {
  const doubtful = { ...good, note: "It costs 900 dollars a month" };

  test("flag shows what nothing bears out, and says so", async () => {
    const { response } = await run([says(found(doubtful))]);
    expect(response?.output).toEqual(doubtful);
    expect(response?.grounding).toBe("partly-grounded");
    expect(response?.outputChecks?.at(-1)).toEqual({
      pointer: "/note",
      verdict: "unsupported",
      citations: [],
    });
  });

  test("withhold leaves out what may be left out, and shows nothing before", async () => {
    const { response, events, degraded } = await run([says(found(doubtful))], {
      ask: { grounding: "withhold" },
    });
    expect(response?.output).toEqual(good);
    expect(partialsOf(events)).toEqual([good]);
    expect(degraded).toEqual(["output_leaves_withheld"]);
    expect(response?.grounding).toBe("grounded");
  });

  test("withhold gives nothing when the schema needs it", async () => {
    const { response, events, degraded } = await run([says(found({ ...good, retryLimit: 77 }))], {
      ask: { grounding: "withhold" },
    });
    expect(response).toEqual({ answerer: "scripted", grounding: "no-evidence", truncated: false });
    expect(partialsOf(events)).toEqual([]);
    expect(degraded).toEqual(["output_withheld"]);
  });

  test("repair asks once, and takes the better value", async () => {
    const wrong = found({ ...good, retryLimit: 77 });
    const { response, events, requests } = await run([says(wrong), says(found(good))], {
      ask: { grounding: "repair" },
    });
    expect(response?.output).toEqual(good);
    expect(partialsOf(events)).toEqual([good]);
    expect(lastWords(requests[1])).toContain("- /retryLimit is not borne out");
  });

  test.each<[string, Script]>([
    ["fails", [new AppError("upstream_unavailable")]],
    ["writes nonsense", says("nonsense")],
  ])(
    "repair that %s leaves the first value, without what is unsupported",
    async (_name, script) => {
      const { response, degraded } = await run([says(found(doubtful)), script], {
        ask: { grounding: "repair" },
      });
      expect(response?.output).toEqual(good);
      expect(degraded).toEqual(["repair_failed", "output_leaves_withheld"]);
    },
  );
});

describe("hostile values", () => {
  /** A model that repeats what fences its passages. */
  async function repeatFence(write: (fence: string) => string, size = 7) {
    let fence = "";
    const script = says("");
    const chat = createScriptedChat(script);
    const own = createTestRun();
    const leaky = {
      ...chat,
      async *stream(request: ChatRequest) {
        fence = /<([a-z]{12})>/.exec(lastWords(request))?.[1] ?? "";
        await Promise.resolve();
        yield* says(write(fence), size) as Exclude<(typeof script)[number], Error | "hang">[];
      },
    };
    const ask = toAsk(QUESTION, { output: { schema: { type: "object" } } });
    const response = await respond(
      { ...nowhere, chat: leaky, sentenceEmbedder: undefined as never },
      ask,
      { passages, opened: [], budget: createBudget(ask.limits, own.config) },
      own,
    );
    own.deadline[Symbol.dispose]();
    return { fence, response, events: own.events, degraded: own.degraded };
  }

  test.each<[string, (fence: string) => string]>([
    ["a text", (fence) => found({ a: "so far", b: fence })],
    ["escapes", (fence) => found({ a: "x" }).replace('"x"', `"${escape(fence)}"`)],
    ["a key", (fence) => found({ [fence]: 1 })],
    ["a list of characters", (fence) => found({ a: Array.from(fence) })],
    ["backwards", (fence) => found({ a: Array.from(fence).toReversed().join("") })],
  ])("the fence in %s is never shown", async (_name, write) => {
    const { fence, response, events, degraded } = await repeatFence(write);
    expect(fence).not.toBe("");
    expect(response).toMatchObject({ grounding: "no-evidence" });
    expect(degraded).toEqual(["prompt_leak"]);
    const shown = JSON.stringify(events).replaceAll(/[^a-z]/g, "");
    expect(shown).not.toContain(fence.slice(0, 8));
  });

  const escape = (text: string): string =>
    Array.from(text, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

  test.each([
    ["![a](https://evil.example/?q=1)", "! [a] (https: //evil.example/?q=1)"],
    ["<img src=x onerror=y>", "< img src=x onerror=y>"],
    ["[a](javascript:alert)", "[a] (javascript :alert)"],
    ["a\u200bb\u{e0041}c", "abc"],
    ["see https://docs.example.org/q now", "see https://docs.example.org/q now"],
  ])("%s is shown as %s", async (text, shown) => {
    const { response } = await run([says(found({ ...good, note: text }))]);
    expect(response?.output).toEqual({ ...good, note: shown });
  });

  test("markup in a key that the schema leaves open is a fault", async () => {
    const ask = { output: { schema: { type: "object" } } };
    const bad = says(found({ "![x](https://evil.example)": 1 }));
    const { response, requests } = await run([bad, says(found({ x: 1 }))], { ask });
    expect(response?.output).toEqual({ x: 1 });
    expect(lastWords(requests[1])).toContain("has markup in its name");
  });

  test("what the caller's own schema lists stays as it is", async () => {
    const ask = { output: { schema: { enum: ["<b>", "![x](y)"] } } };
    const { response } = await run([says(found("![x](y)"))], { ask });
    expect(response?.output).toBe("![x](y)");
  });
});
