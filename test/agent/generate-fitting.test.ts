import { describe, expect, test } from "vitest";
import type { Progress } from "../../src/agent/generate.ts";
import { generateFitting } from "../../src/agent/generate-fitting.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { AppError, toAppError } from "../../src/errors.ts";
import { estimatePrompt } from "../../src/text/tokens.ts";
import { createTestRun, toPassage } from "../support/run.ts";
import { createScriptedChat, says, type Script } from "../support/scripted-chat.ts";

const passages = Array.from({ length: 8 }, (_, index) =>
  toPassage(index + 1, `Retries number ${index + 1} use jitter of their own kind.`),
);
const tooLong: Script = [new AppError("context_too_long")];
const good = says("Retries number 1 use jitter of their own kind [1].");

describe("an answer of a model that takes less text", () => {
  test("is asked for again with the better half of the passages, and the run says so", async () => {
    const { code, labels, run } = await ask([tooLong, good]);
    expect(code).toBeUndefined();
    expect(labels).toEqual([8, 4]);
    expect(run.degraded).toEqual(["context_trimmed"]);
    expect(run.events.filter(({ type }) => type === "usage")).toHaveLength(2);
  });

  test("is asked for twice more at most", async () => {
    const { code, labels, run } = await ask([tooLong, tooLong, tooLong]);
    expect(code).toBe("context_too_long");
    expect(labels).toEqual([8, 4, 2]);
    expect(run.degraded).toEqual(["context_trimmed"]);
  });

  test("is asked for with fewer until one is left, the best of them, however large", async () => {
    const [first, second] = passages;
    const long = toPassage(1, (first?.text ?? "").repeat(20));
    const { code, labels } = await ask([tooLong, tooLong], {}, [long, ...passages.slice(1, 3)]);
    expect(code).toBe("context_too_long");
    expect(labels).toEqual([3, 1]);
    expect((await ask([tooLong], {}, second ? [second] : [])).labels).toEqual([1]);
  });

  test.each<[ErrorCode]>([["upstream_unavailable"], ["content_filtered"], ["upstream_truncated"]])(
    "is not asked for again after %s",
    async (failure) => {
      const { code, labels, run } = await ask([[new AppError(failure)]]);
      expect({ code, labels }).toEqual({ code: failure, labels: [8] });
      expect(run.degraded).toEqual([]);
    },
  );

  test("is not begun anew after text was shown", async () => {
    const broken = says("Retries number 1 use jitter. ".repeat(8)).slice(0, -2);
    const { code, labels } = await ask([[...broken, new AppError("context_too_long")]]);
    expect({ code, labels }).toEqual({ code: "context_too_long", labels: [8] });
  });

  test("is not asked for again once nobody waits", async () => {
    const leaving = new AbortController();
    const run = createTestRun({}, leaving.signal);
    using _ = run.deadline;
    const chat = createScriptedChat(tooLong, good);
    const leave = {
      ...chat,
      async *stream(...given: Parameters<typeof chat.stream>) {
        leaving.abort(new AppError("cancelled"));
        yield* chat.stream(...given);
      },
    };
    const options = { run, policy: "flag", progress: { shown: false } } as const;
    await expect(generateFitting(leave, "?", passages, options)).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(chat.requests.length).toBeLessThan(2);
  });
});

test("what tools found is left out last, beside the best of the question itself", async () => {
  const run = createTestRun();
  using _ = run.deadline;
  const chat = createScriptedChat(tooLong, good);
  const options = { run, policy: "flag", progress: { shown: false }, foundFirst: 5 } as const;
  await generateFitting(chat, "Why do retries use jitter?", passages, options);
  const shown = chat.requests.map(({ messages }) =>
    messages
      .at(-1)
      ?.content.match(/^\[\d+\]$/gm)
      ?.join(""),
  );
  expect(shown).toEqual(["[1][2][3][4][5][6][7][8]", "[1][6][7][8]"]);
});

describe("a context whose size is known", () => {
  const size = { OUTPUT_TOKENS_MAX: "100" };

  test("is filled with the best passages that fit, at the first attempt", async () => {
    const { code, labels, run } = await ask([good], { ...size, CHAT_CONTEXT_TOKENS_MAX: "400" });
    expect(code).toBeUndefined();
    expect(labels[0]).toBeGreaterThan(0);
    expect(labels[0]).toBeLessThan(8);
    expect(run.degraded).toEqual(["context_trimmed"]);
  });

  test("is not filled to the brim: tokenizers of small models find more than is estimated", async () => {
    const run = createTestRun({ ...size, CHAT_CONTEXT_TOKENS_MAX: "450" });
    using _ = run.deadline;
    const chat = createScriptedChat(good);
    const options = { run, policy: "flag", progress: { shown: false } } as const;
    await generateFitting(chat, "Why do retries use jitter?", passages, options);
    const sent = estimatePrompt(chat.requests[0]?.messages ?? []);
    expect(sent).toBeGreaterThan(200);
    expect(sent * 1.23).toBeLessThanOrEqual(450 - 100);
  });

  test("that has room for all leaves none out, and one too small for any keeps the best", async () => {
    const large = await ask([good], { ...size, CHAT_CONTEXT_TOKENS_MAX: "8000" });
    expect(large.labels).toEqual([8]);
    expect(large.run.degraded).toEqual([]);
    const small = await ask([good], { ...size, CHAT_CONTEXT_TOKENS_MAX: "101" });
    expect(small.labels).toEqual([1]);
  });
});

test.each([
  ["known to be small, is too full", { CHAT_CONTEXT_TOKENS_MAX: "8000" }, [8, 4, 2], undefined],
  ["of unknown size, may be large enough", {}, [8], "upstream_truncated"],
] as const)(
  "a context that a model breaks off at before its first word, and that is %s",
  async (_name, settings, asked, expected) => {
    const broken: Script = [new AppError("upstream_truncated")];
    const { code, labels, run } = await ask([broken, broken, good], settings);
    expect({ code, labels }).toEqual({ code: expected, labels: asked });
    expect(run.degraded).toEqual(expected === undefined ? ["context_trimmed"] : []);
  },
);

/** What came of it, and how many passages each request held. */
async function ask(
  scripts: readonly Script[],
  settings: Readonly<Record<string, string>> = {},
  given = passages,
) {
  const run = createTestRun(settings);
  using _ = run.deadline;
  const chat = createScriptedChat(...scripts);
  const progress: Progress = { shown: false };
  const options = { run, policy: "flag", progress } as const;
  const code = await generateFitting(chat, "Why do retries use jitter?", given, options).then(
    () => undefined,
    (thrown: unknown) => toAppError(thrown).code,
  );
  const labels = chat.requests.map(
    ({ messages }) => messages.at(-1)?.content.match(/^\[\d+\]$/gm)?.length,
  );
  return { code, labels, run };
}
