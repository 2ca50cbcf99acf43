/** The embedder over Workers AI, against a fake that follows the documented shapes. */
import { describe, expect, test } from "vitest";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError, toAppError } from "../../src/errors.ts";
import { protectEmbedder } from "../../src/models/protect.ts";
import { type AiEmbedderOptions, createAiEmbedder } from "../../src/worker/ai-embedder.ts";
import { readAiEmbedder } from "../../src/worker/extra-bindings.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import {
  type AiReply,
  answers,
  createFakeAi,
  embeds,
  fails,
  hangs,
  outOfCapacity,
} from "./fake-ai.ts";

const SMALL = "@cf/baai/bge-small-en-v1.5";
const M3 = "@cf/baai/bge-m3";
const { signal: open } = new AbortController();

function setUp(options: Partial<AiEmbedderOptions>, ...replies: readonly AiReply[]) {
  const { binding, calls } = createFakeAi(...replies);
  const embedder = createAiEmbedder(binding, { model: SMALL, pooling: "mean", ...options });
  return { embedder, calls };
}

const errorOf = async (work: Promise<unknown>): Promise<AppError> =>
  work.then(
    () => new AppError("internal", { detail: "it did not fail" }),
    (thrown: unknown) => toAppError(thrown),
  );

describe("what is sent", () => {
  test("a question bears the instruction of its model, a document does not", async () => {
    const { embedder, calls } = setUp({}, embeds(384));
    await embedder.embed(["why?"], "query", open);
    await embedder.embed(["because"], "document", open);
    const pooling = "mean";
    expect(calls.map(({ model, inputs }) => ({ model, inputs }))).toEqual([
      {
        model: SMALL,
        inputs: {
          text: ["Represent this sentence for searching relevant passages: why?"],
          pooling,
        },
      },
      { model: SMALL, inputs: { text: ["because"], pooling } },
    ]);
  });

  test("the multilingual model has no instruction and no pooling, and cuts what is too long", async () => {
    const { embedder, calls } = setUp({ model: M3 }, embeds(1024, "cls"));
    await embedder.embed(["¿por qué?"], "query", open);
    expect(calls[0]?.inputs).toEqual({ text: ["¿por qué?"], truncate_inputs: true });
    expect(embedder.languages).toBeUndefined();
  });

  test("blank texts are never sent and have no vector; the others keep their places", async () => {
    const { embedder, calls } = setUp({}, embeds(384));
    const vectors = await embedder.embed(["aa", " ", "b"], "document", open);
    expect(vectors.map((vector) => vector?.length)).toEqual([384, undefined, 384]);
    expect((vectors[0]?.[0] ?? 0) > (vectors[2]?.[0] ?? 0)).toBe(true);
    expect(calls[0]?.inputs["text"]).toEqual(["aa", "b"]);
    expect(await embedder.embed([" "], "query", open)).toEqual([undefined]);
    expect(calls).toHaveLength(1);
  });

  test("more than 100 texts are a bug of the caller", async () => {
    const { embedder, calls } = setUp({}, embeds(384));
    expect(embedder.batchMax).toBe(100);
    await expect(embedder.embed(Array(101).fill("x"), "document", open)).rejects.toThrow(
      RangeError,
    );
    expect(calls).toHaveLength(0);
    expect(await embedder.embed(Array(100).fill("x"), "document", open)).toHaveLength(100);
  });

  test("words of one's own before a question take the place of the model's instruction", async () => {
    const { embedder, calls } = setUp({ queryPrefix: "ask: " }, embeds(384));
    await embedder.embed(["why?"], "query", open);
    expect(calls[0]?.inputs["text"]).toEqual(["ask: why?"]);
  });
});

test.each([
  ["@cf/baai/bge-small-en-v1.5", 384, ["english"]],
  ["@cf/baai/bge-base-en-v1.5", 768, ["english"]],
  ["@cf/baai/bge-large-en-v1.5", 1024, ["english"]],
  [M3, 1024, undefined],
])("what %s is like is known", (model, dimensions, languages) => {
  expect(setUp({ model }).embedder).toMatchObject({ dimensions, fusionWeight: 0.5 });
  expect(setUp({ model }).embedder.languages).toEqual(languages);
});

test("a model that cannot be told how to pool is not asked for another name where it is", () => {
  expect(setUp({ model: M3, pooling: "cls" }).embedder.id).toBe(`openai:${M3}`);
});

test("an answer need not say how it was pooled", async () => {
  const { data } = embeds(384)({ model: SMALL, inputs: { text: ["a"] }, signal: open }) as {
    readonly data: unknown;
  };
  const { embedder } = setUp({}, answers({ data }));
  expect(await embedder.embed(["a"], "query", open)).toHaveLength(1);
});

test("a stream that is sent for an answer is let go", async () => {
  const left = Promise.withResolvers<void>();
  const { embedder } = setUp({}, answers(new ReadableStream({ cancel: () => left.resolve() })));
  expect((await errorOf(embedder.embed(["a"], "query", open))).code).toBe("upstream_bad_response");
  await left.promise;
});

test("vectors come back at unit length", async () => {
  const { embedder } = setUp(
    { model: "@cf/other/model", dimensions: 2 },
    answers({ data: [[3, 4]] }),
  );
  const [vector] = await embedder.embed(["x"], "query", open);
  expect([...(vector ?? [])]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
});

describe("the id says whose vectors it gives", () => {
  test("unset: those of the same model behind an OpenAI-compatible address", () => {
    expect(setUp({}).embedder.id).toBe(`openai:${SMALL}`);
  });
  test("set: what the setting says", () => {
    const id = "openai:BAAI/bge-small-en-v1.5";
    expect(setUp({ pooling: "cls", id }).embedder.id).toBe(id);
  });
});

describe("a model that wants words of its own before a text", () => {
  const E5 = {
    AI_EMBEDDING_MODEL: "@cf/other/e5",
    AI_EMBEDDING_DIMENSIONS: "2",
    AI_EMBEDDER_ID: "openai:e5-large|passage: ",
    EMBEDDING_QUERY_PREFIX: "query: ",
  };
  const read = (env: Readonly<Record<string, string>>) => {
    const { binding, calls } = createFakeAi(embeds(2));
    const embedder = readAiEmbedder({ AI: binding }, parseConfig(env));
    return { embedder, calls, textOf: () => calls[0]?.inputs["text"] };
  };

  test("gets them, and stands for the embedder that put others before documents", async () => {
    const { embedder, textOf } = read(E5);
    expect(embedder?.id).toBe("openai:e5-large|passage: ");
    await embedder?.embed(["why?"], "query", open);
    expect(textOf()).toEqual(["query: why?"]);
  });

  test("gets none that are those of another model", async () => {
    const { embedder, textOf } = read({ ...E5, EMBEDDING_MODEL: "nomic-embed-text" });
    await embedder?.embed(["why?"], "query", open);
    expect(textOf()).toEqual(["why?"]);
  });

  test("is asked for the pooling that is set", async () => {
    const { AI_EMBEDDER_ID } = E5;
    const env = { AI_EMBEDDING_MODEL: SMALL, AI_EMBEDDING_POOLING: "cls", AI_EMBEDDER_ID };
    const { embedder, calls } = read(env);
    await embedder?.embed(["why?"], "query", open).catch(() => undefined);
    expect(calls[0]?.inputs["pooling"]).toBe("cls");
  });
});

describe("what cannot be names its setting", () => {
  test.each<readonly [string, Partial<AiEmbedderOptions>, string]>([
    ["an unknown model", { model: "@cf/papyrus" }, "AI_EMBEDDING_DIMENSIONS"],
    ["a name that objects have anyway", { model: "constructor" }, "AI_EMBEDDING_MODEL"],
    ["other dimensions than the model has", { dimensions: 768 }, "AI_EMBEDDING_DIMENSIONS"],
    ["the other pooling under the usual name", { pooling: "cls" }, "AI_EMBEDDER_ID"],
  ])("%s", (_, options, setting) => {
    const create = (): unknown => setUp(options);
    expect(create).toThrow(AppError);
    expect(create).toThrow(setting);
  });
});

describe("answers that are none", () => {
  const row = [1, ...Array<number>(383).fill(0)];
  const withValue = (value: unknown) => [value, ...Array<number>(383).fill(0)];
  test.each<readonly [string, unknown, string]>([
    ["fewer vectors than texts", { data: [row] }, "upstream_bad_response"],
    ["more vectors than texts", { data: [row, row, row] }, "upstream_bad_response"],
    ["vectors of other dimensions", { data: [row, [1, 0]] }, "embedding_invalid"],
    ["not a number", { data: [row, withValue(Number.NaN)] }, "embedding_invalid"],
    ["a null", { data: [row, withValue(null)] }, "embedding_invalid"],
    ["a vector of zeros", { data: [row, withValue(0)] }, "embedding_invalid"],
    ["another pooling", { data: [row, row], pooling: "cls" }, "embedding_invalid"],
    ["a promise of a batch", { request_id: "x" }, "upstream_bad_response"],
    ["nothing", undefined, "upstream_bad_response"],
    ["a stream", new ReadableStream(), "upstream_bad_response"],
  ])("%s", async (_, answer, code) => {
    const { embedder } = setUp({}, answers(answer));
    const error = await errorOf(embedder.embed(["a", "b"], "document", open));
    expect(error.code).toBe(code);
    expect(error.detail).toContain(SMALL);
  });
});

describe("refusals become our codes, without a word of the platform", () => {
  test.each<readonly [number, string, string]>([
    [3040, "upstream_rate_limited", "rate-limited"],
    [3036, "upstream_config", "credit"],
    [3007, "upstream_unavailable", "try again"],
    [3008, "upstream_unavailable", "try again"],
    [3003, "upstream_config", "AI_EMBEDDING_MODEL"],
    [3006, "context_too_long", "takes less text"],
    [3039, "upstream_config", "AI_EMBEDDING_MODEL"],
    [3041, "upstream_config", "refused the key"],
    [5007, "upstream_config", "AI_EMBEDDING_MODEL"],
    [3042, "upstream_config", "AI_EMBEDDING_MODEL"],
    [3023, "upstream_config", "refused the key: check the binding AI"],
    [5005, "upstream_config", "AI_EMBEDDING_MODEL"],
    [5016, "upstream_config", "refused the key"],
    [5018, "upstream_config", "refused the key"],
    [5019, "upstream_config", "AI_EMBEDDING_MODEL"],
    [5004, "upstream_config", "AI_EMBEDDING_MODEL"],
    [5999, "upstream_config", "AI_EMBEDDING_MODEL"],
    [3999, "upstream_unavailable", "try again"],
  ])("%i is %s", async (number, code, words) => {
    const { embedder } = setUp({}, fails(number, "secret words"));
    const error = await errorOf(embedder.embed(["a"], "query", open));
    expect(error.code).toBe(code);
    expect(error.detail).toContain(words);
    expect(error.detail).not.toContain("secret");
  });

  test("an error without a code is a broken connection", async () => {
    const { embedder } = setUp({}, () => {
      throw new Error("Network connection lost.");
    });
    expect(await errorOf(embedder.embed(["a"], "query", open))).toMatchObject({
      code: "upstream_unavailable",
    });
  });

  test("on a developer's machine the binding says that it is not there", async () => {
    const { embedder } = setUp({}, () => {
      throw new Error("Binding AI needs to be run remotely");
    });
    const error = await errorOf(embedder.embed(["a"], "query", open));
    expect(error.code).toBe("upstream_config");
    expect(error.detail).toContain("deployed Worker");
  });
});

describe("behind the call policy", () => {
  function protect(...replies: readonly AiReply[]) {
    const { embedder, calls } = setUp({}, ...replies);
    const clock = createFakeClock();
    const config = parseConfig({ EMBED_ATTEMPT_TIMEOUT_MS: "1000", HEDGE_SHARE_MAX: "0" });
    const upstreams = createUpstreamRegistry();
    const deps = { config, clock, upstreams, random: () => 0 };
    return { embedder: protectEmbedder(embedder, deps), calls, clock, upstreams };
  }

  test("a lack of capacity is tried again", async () => {
    const { embedder, calls, clock } = protect(outOfCapacity, embeds(384));
    const work = embedder.embed(["a"], "query", open);
    await clock.advance(5_000);
    expect((await work)[0]).toHaveLength(384);
    expect(calls).toHaveLength(2);
  });

  test("what goes on failing opens the breaker, and then nothing is called", async () => {
    const { embedder, calls, clock, upstreams } = protect(outOfCapacity);
    for (let count = 0; count < 5; count += 1) {
      const failed = errorOf(embedder.embed([`text ${count}`], "query", open));
      await clock.advance(1_000);
      expect((await failed).code).toMatch(/^upstream_/);
    }
    expect(upstreams.read()).toMatchObject([
      { upstream: `embed openai:${SMALL}`, breaker: "open" },
    ]);
    const before = calls.length;
    const refused = errorOf(embedder.embed(["one more"], "query", open));
    await clock.advance(1);
    expect((await refused).code).toBe("upstream_unavailable");
    expect(calls).toHaveLength(before);
  });

  test("silence past the time of an attempt is a stall, also when the binding ignores the signal", async () => {
    const { embedder, calls, clock } = protect(hangs, embeds(384));
    const work = embedder.embed(["a"], "query", open);
    await clock.advance(1_500);
    expect((await work)[0]).toHaveLength(384);
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(calls[1]?.signal.aborted).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test("a run that is over stops its call at once", async () => {
    const { embedder, calls, clock, upstreams } = protect(hangs);
    const run = new AbortController();
    const failed = errorOf(embedder.embed(["a"], "query", run.signal));
    await clock.advance(10);
    run.abort(new AppError("cancelled"));
    expect((await failed).code).toBe("cancelled");
    await clock.advance(10);
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true]);
    const late = await errorOf(embedder.embed(["b"], "query", run.signal));
    expect([late.code, calls.length]).toEqual(["cancelled", 1]);
    expect(upstreams.read()).toMatchObject([{ counts: { failures: 0 } }]);
  });
});
