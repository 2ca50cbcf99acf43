import { describe, expect, test } from "vitest";
import { generate } from "../../src/agent/generate.ts";
import { quote } from "../../src/agent/quote.ts";
import type { GroundingPolicy } from "../../src/domain/ask.ts";
import { AppError } from "../../src/errors.ts";
import { withFallback } from "../../src/models/with-fallback.ts";
import { wordEmbedder } from "../support/collections.ts";
import { createTestRun, toPassage } from "../support/run.ts";
import {
  createLeakyChat,
  createScriptedChat,
  says,
  type Script,
} from "../support/scripted-chat.ts";

const passages = [
  toPassage(1, "Retries use jitter. Backoff doubles the wait."),
  toPassage(2, "A queue of 64 entries\u200b is bounded."),
];
const good = "Retries use jitter [1].";
const wrong = "A queue of 65 entries is bounded [2].";
const right = "A queue of 64 entries is bounded [2].";

describe("a model's answer", () => {
  test("is mended once under repair, and nothing that was shown is taken back", async () => {
    const { text, run, chat } = await ask("repair", says(`${good} ${wrong}`), says(right));
    expect(text).toBe(`${good} ${right}`);
    expect(run.events.map(({ type }) => type)).not.toContain("text-reset");
    expect(run.degraded).toEqual([]);
    expect(run.events.filter(({ type }) => type === "usage")).toHaveLength(2);
    const order = chat.requests[1]?.messages.at(-1)?.content;
    expect(order).toContain(wrong);
    expect(order).not.toContain(good);
  });

  test("that cannot be mended is shown without what is wrong", async () => {
    const failure = new AppError("upstream_truncated");
    const { text, run } = await ask("repair", says(`${good} ${wrong}`), [failure]);
    expect(text).toBe(good);
    expect(run.degraded).toEqual(["repair_failed", "sentences_withheld"]);
  });

  test.each(["NO_ANSWER", ""])(
    "that the model takes back under repair is a refusal: %j",
    async (second) => {
      const { text, generated } = await ask("repair", says(wrong), says(second));
      expect(text).toBe("");
      expect(generated.isRefusal).toBe(true);
    },
  );

  test("that breaks off has told of each sentence that is over, also where none has a marker", async () => {
    const chat = createScriptedChat([
      { type: "text", text: "Retries use jitter. Backoff doubles the wait. And then" },
      new AppError("upstream_truncated"),
    ]);
    const run = createTestRun();
    using _ = run.deadline;
    const options = { run, policy: "flag", progress: { shown: false } } as const;
    await expect(generate(chat, "Why?", passages, options)).rejects.toMatchObject({
      code: "upstream_truncated",
    });
    const checks = run.events.filter((event) => event.type === "sentence-check");
    expect(checks.map(({ verdict }) => verdict)).toEqual(["weak", "weak"]);
  });

  const atOnce = (text: string): Script => [{ type: "text", text }, ...says("")];
  test.each([
    ["flag", [atOnce(`${good} `.repeat(1_000))]],
    ["repair", [says(wrong), atOnce(`${right} `.repeat(1_000))]],
  ] as const)("that comes at once leaves room for others under %s", async (policy, scripts) => {
    let turns = 0;
    let next = setImmediate(function count() {
      turns += 1;
      next = setImmediate(count);
    });
    const { text } = await ask(policy, ...scripts);
    clearImmediate(next);
    expect(text.length).toBeGreaterThan(20_000);
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  const cut = (text: string): Script =>
    says(text).map((delta) =>
      !(delta instanceof Error) && delta !== "hang" && delta.type === "finish"
        ? { type: "finish", reason: "length" }
        : delta,
    );
  test.each([
    ["the second draft", [says(`${good} ${wrong}`), cut(right)], true],
    ["nothing of the second", [cut(`${good} ${wrong}`), says(right)], false],
    [
      "the first, where there is no second",
      [cut(`${good} ${wrong}`), [new AppError("upstream_truncated")]],
      true,
    ],
  ])("under repair is truncated where its last words are: %s", async (_name, scripts, expected) => {
    const { generated } = await ask("repair", ...scripts);
    expect(generated.truncated).toBe(expected);
  });

  const down = new AppError("upstream_unavailable");
  const truncated = new AppError("upstream_truncated");
  test.each<readonly [string, readonly Script[], readonly Script[], string]>([
    ["the first, back again", [[down], says(right)], [says(`${good} ${wrong}`)], "scripted"],
    ["the second", [says(`${good} ${wrong}`), [down]], [says(right)], "second"],
    [
      "the first, which the second did not mend",
      [says(`${good} ${wrong}`), [down]],
      [[...says(right).slice(0, 2), truncated]],
      "scripted",
    ],
  ])(
    "under repair is that of the model whose words are shown last: %s",
    async (_name, firsts, seconds, answerer) => {
      const run = createTestRun();
      using _ = run.deadline;
      const second = { ...createScriptedChat(...seconds), id: "second" };
      const chat = withFallback(createScriptedChat(...firsts), [second]);
      const options = { run, policy: "repair", progress: { shown: false } } as const;
      expect(await generate(chat, "Why?", passages, options)).toMatchObject({ answerer });
      expect(run.degraded).toContain("llm_fallback_model");
    },
  );

  test("of which nothing holds is a refusal under withhold", async () => {
    const { text, run, generated } = await ask("withhold", says(wrong));
    expect(text).toBe("");
    expect(generated.isRefusal).toBe(true);
    expect(run.degraded).toEqual(["sentences_withheld"]);
  });

  test("is shown with its verdicts under flag", async () => {
    const { text, generated } = await ask("flag", says(`${good} ${wrong}`));
    expect(text).toBe(`${good} ${wrong}`);
    expect(generated.grounding).toBe("partly-grounded");
  });

  test.each(["flag", "withhold", "repair"] as const)(
    "of labels alone says nothing, and nothing of it is shown under %s",
    async (policy) => {
      for (const labels of ["[1]", " [1][2] \n", "[1, 2]", "【1】"]) {
        await expect(ask(policy, says(labels, 1))).rejects.toMatchObject({
          code: "upstream_bad_response",
        });
      }
    },
  );

  test.each(["64", "64 [2]", "[2] 64", "1. Retries use jitter [1].", "- Retries use jitter [1]."])(
    "that begins like labels is shown whole: %s",
    async (answer) => {
      expect((await ask("flag", says(answer, 1))).text).toBe(answer);
    },
  );

  test.each(["flag", "withhold", "repair"] as const)(
    "that begins with the fence says nothing about the documents, and its model is left: %s",
    async (policy) => {
      const run = createTestRun();
      using _ = run.deadline;
      const chat = createLeakyChat((fence) => `<${fence}>\n${"Retries use jitter. ".repeat(50)}`);
      const options = { run, policy, progress: { shown: false } } as const;
      expect(await generate(chat, "Why?", passages, options)).toMatchObject({
        isRefusal: false,
        hasLeaked: true,
        grounding: "ungrounded",
      });
      expect(run.degraded).toEqual(["prompt_leak"]);
      expect(chat.aborted).toBe(1);
    },
  );

  test("that repeats the fence behind a wrong sentence is not asked for again", async () => {
    const run = createTestRun();
    using _ = run.deadline;
    const chat = createLeakyChat((fence) => `${good} ${wrong} <${fence}>`);
    await generate(chat, "Why?", passages, { run, policy: "repair", progress: { shown: false } });
    expect(run.events.filter(({ type }) => type === "usage")).toHaveLength(1);
    expect(run.degraded).toEqual(["prompt_leak", "sentences_withheld"]);
  });

  test("is not waited for behind its refusal, and its usage is estimated", async () => {
    const { text, generated, chat, run } = await ask("flag", says(`NO_ANSWER\n${good.repeat(30)}`));
    expect([text, generated.isRefusal, chat.aborted]).toEqual(["", true, 1]);
    expect(run.events.find(({ type }) => type === "usage")).toMatchObject({ requests: 1 });
    expect((await ask("flag", says("NO_ANSWER. Nothing is said of it."))).chat.aborted).toBe(0);
  });

  test("rests on passages without hidden characters", async () => {
    const { chat } = await ask("flag", says(good));
    expect(chat.requests[0]?.messages.at(-1)?.content).toContain("64 entries is bounded");
  });
});

describe("a quotation", () => {
  const salary = "What is the CEO's salary?";
  const pay = toPassage(
    1,
    "The salary is paid on the last day of the month. What is paid is the salary.",
  );

  test("is refused where the passages know nothing of whom is asked about", async () => {
    const run = createTestRun();
    using _ = run.deadline;
    const isAnswered = await quote(
      { question: salary, grounding: "flag" },
      [pay],
      wordEmbedder,
      run,
    );
    expect(isAnswered).toBe(false);
  });

  test("is cleaned as a model's words are, and its notes are no labels of ours", async () => {
    const text =
      "Retries use jitter [1] so that ![clients](https://evil.example) do not come back <b>together</b>.";
    const run = createTestRun();
    using _ = run.deadline;
    const question = "Why do retries use jitter?";
    await quote({ question, grounding: "flag" }, [toPassage(1, text)], wordEmbedder, run);
    const shown = run.events
      .map((event) => (event.type === "text-delta" ? event.text : ""))
      .join("");
    expect(shown).toBe(
      "Retries use jitter so that clients do not come back < b>together< /b>. [1]",
    );
  });
});

async function ask(policy: GroundingPolicy, ...scripts: readonly Script[]) {
  const run = createTestRun();
  using _ = run.deadline;
  const chat = createScriptedChat(...scripts);
  const generated = await generate(chat, "Why?", passages, {
    run,
    policy,
    progress: { shown: false },
  });
  const text = run.events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  return { text, run, chat, generated };
}
