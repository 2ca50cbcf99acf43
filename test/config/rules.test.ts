import { describe, expect, test } from "vitest";
import { describeSettings, parseConfig } from "../../src/config.ts";
import { type AppError, toAppError } from "../../src/errors.ts";

type Env = Readonly<Record<string, string>>;

function refusalOf(env: Env): AppError | undefined {
  try {
    parseConfig(env);
    return undefined;
  } catch (thrown) {
    return toAppError(thrown);
  }
}

describe("settings that contradict each other are refused by name", () => {
  const cases: readonly (readonly [name: string, env: Env, says: string])[] = [
    ["DEADLINE_MS", { DEADLINE_MS: "400000" }, "DEADLINE_MS_MAX, which is 300000"],
    ["EMBED_TIMEOUT_MS", { EMBED_TIMEOUT_MS: "61000" }, "DEADLINE_MS, which is 60000"],
    ["SEARCH_TIMEOUT_MS", { SEARCH_TIMEOUT_MS: "61000" }, ""],
    ["TAKE_TIMEOUT_MS", { TAKE_TIMEOUT_MS: "61000" }, ""],
    ["RERANK_TIMEOUT_MS", { RERANK_TIMEOUT_MS: "61000" }, ""],
    ["REWRITE_TIMEOUT_MS", { REWRITE_TIMEOUT_MS: "61000" }, ""],
    ["FIRST_DELTA_TIMEOUT_MS", { FIRST_DELTA_TIMEOUT_MS: "61000" }, ""],
    ["DELTA_GAP_TIMEOUT_MS", { DELTA_GAP_TIMEOUT_MS: "61000" }, ""],
    ["PLAN_TIMEOUT_MS", { PLAN_TIMEOUT_MS: "61000" }, "DEADLINE_MS, which is 60000"],
    ["SUBAGENT_TIMEOUT_MS", { SUBAGENT_TIMEOUT_MS: "61000" }, "DEADLINE_MS, which is 60000"],
    ["RUN_QUEUE_TIMEOUT_MS", { RUN_QUEUE_TIMEOUT_MS: "61000" }, "DEADLINE_MS, which is 60000"],
    ["HEADERS_TIMEOUT_MS", { HEADERS_TIMEOUT_MS: "10001" }, "REQUEST_TIMEOUT_MS, which is 10000"],
    ["FLUSH_INTERVAL_MS", { FLUSH_INTERVAL_MS: "15000" }, "below DELTA_GAP_TIMEOUT_MS"],
    ["ANSWER_CACHE_AGE_MS_MAX", { ANSWER_CACHE_AGE_MS_MAX: "9" }, "ANSWER_CACHE_RUNS_MAX above 0"],
    ["STALE_AFTER_MS", { STALE_AFTER_MS: "9", STALE_MS_MAX: "0" }, "STALE_MS_MAX above 0"],
    ["PASSAGES_MAX", { PASSAGES_OF_TOOLS_MAX: "11" }, "PASSAGES_OF_TOOLS_MAX, which is 11"],
    ["EMBED_ATTEMPT_TIMEOUT_MS", { EMBED_ATTEMPT_TIMEOUT_MS: "3001" }, "EMBED_TIMEOUT_MS"],
    ["RERANK_ATTEMPT_TIMEOUT_MS", { RERANK_ATTEMPT_TIMEOUT_MS: "801" }, "RERANK_TIMEOUT_MS"],
    ["USAGE_WAIT_MS", { USAGE_WAIT_MS: "15001" }, "DELTA_GAP_TIMEOUT_MS"],
    ["BACKOFF_MS", { BACKOFF_MS: "2001" }, "BACKOFF_MS_MAX"],
    ["RETRY_COST", { RETRY_COST: "501" }, "RETRY_TOKENS_MAX"],
    ["RETRY_STALL_COST", { RETRY_TOKENS_MAX: "9" }, "RETRY_TOKENS_MAX, which is 9"],
    ["BREAKER_SAMPLES_MIN", { BREAKER_SAMPLES_MIN: "21" }, "BREAKER_SAMPLES_MAX"],
    ["HEDGE_SHARE_MAX", { HEDGE_SHARE_MAX: "1.5" }, ""],
    ["OPENAI_HEADERS", { OPENAI_HEADERS: "api-key" }, "name=value"],
    ["OPENAI_HEADERS", { OPENAI_HEADERS: "api-key=k,Host=evil.example" }, "of its own"],
    ["UPSTREAM_QUEUE_MAX", { UPSTREAM_QUEUE_MAX: "0" }, ""],
    ["CHAT_TOKENS_PER_MINUTE_MAX", { CHAT_TOKENS_PER_MINUTE_MAX: "7023" }, "7024"],
    ["CHAT_CONTEXT_TOKENS_MAX", { CHAT_CONTEXT_TOKENS_MAX: "1024" }, "OUTPUT_TOKENS_MAX"],
    [
      "RUN_QUEUE_TIMEOUT_MS",
      { RUN_QUEUE_MAX: "0", RUN_QUEUE_TIMEOUT_MS: "500" },
      "RUN_QUEUE_MAX above 0",
    ],
    ["CHAT_FALLBACK_BASE_URL", { CHAT_FALLBACK_BASE_URL: "http://127.0.0.1:9/v1" }, ""],
    [
      "CHAT_FALLBACK_API_KEY",
      { CHAT_MODELS_FALLBACK: "b", CHAT_FALLBACK_API_KEY: "sk-secret" },
      "",
    ],
    ["PASSAGES_MAX", { PASSAGES_MAX: "31" }, "CANDIDATES_MAX, which is 30"],
    ["EMBEDDING_QUERY_PREFIX", { EMBEDDING_QUERY_PREFIX: "query: " }, "needs EMBEDDING_MODEL"],
    ["EMBEDDING_DOCUMENT_PREFIX", { EMBEDDING_DOCUMENT_PREFIX: "x" }, "needs EMBEDDING_MODEL"],
    [
      "EMBEDDING_BASE_URL",
      { EMBEDDING_BASE_URL: "http://127.0.0.1:9/v1" },
      "needs EMBEDDING_MODEL",
    ],
    ["EMBEDDING_API_KEY", { EMBEDDING_API_KEY: "sk-secret" }, "needs EMBEDDING_MODEL"],
    [
      "EMBEDDING_API_KEY",
      { EMBEDDING_MODEL: "m", EMBEDDING_API_KEY: "sk-secret" },
      "needs EMBEDDING_BASE_URL",
    ],
    ["RERANK_MODEL", { RERANK_MODEL: "m" }, "needs RERANK_URL"],
    ["RERANK_API_KEY", { RERANK_API_KEY: "sk-secret" }, "needs RERANK_URL"],
    ["LANCE_API_KEY", { LANCE_API_KEY: "sk-secret" }, "LANCE_URL"],
    ["LANCE_DATABASE", { LANCE_DATABASE: "kb" }, "LANCE_URL"],
    ["LANCE_DATABASE", { LANCE_URL: "http://127.0.0.1:9", LANCE_DATABASE: "a/b" }, ""],
    ["LANCE_GATEWAY", { LANCE_URL: "http://127.0.0.1:9", LANCE_GATEWAY: "true" }, "LANCE_URL"],
    ["UPLOADS", { LANCE_URL: "http://127.0.0.1:9", UPLOADS: "on" }, "LANCE_URL"],
  ];
  test.each(cases)("%s", (name, env, says) => {
    const error = refusalOf(env);
    expect(error?.code).toBe("invalid_request");
    expect(error?.issues.map(({ path }) => path)).toEqual([name]);
    expect(error?.detail).toContain(`${name}: `);
    expect(error?.detail).toContain(says);
    expect(error?.detail).not.toContain("secret");
  });

  test("all of them at once", () => {
    const error = refusalOf({ DEADLINE_MS: "500" });
    expect(error?.issues.map(({ path }) => path)).toEqual([
      "EMBED_TIMEOUT_MS",
      "SEARCH_TIMEOUT_MS",
      "TAKE_TIMEOUT_MS",
      "RERANK_TIMEOUT_MS",
      "REWRITE_TIMEOUT_MS",
      "PLAN_TIMEOUT_MS",
      "SUBAGENT_TIMEOUT_MS",
      "FIRST_DELTA_TIMEOUT_MS",
      "DELTA_GAP_TIMEOUT_MS",
    ]);
  });
});

describe("times that are none are refused by name", () => {
  const names = ["DEADLINE_MS", "DEADLINE_MS_MAX", "SEARCH_TIMEOUT_MS", "RUN_QUEUE_TIMEOUT_MS"];
  const values = ["0", "-1", "NaN", "Infinity", "1.5", "soon", "31536000000"];
  test.each(names.flatMap((name) => values.map((value) => [name, value] as const)))(
    "%s=%s",
    (name, value) => {
      const error = refusalOf({ [name]: value });
      expect(error?.code).toBe("invalid_request");
      expect(error?.issues.map(({ path }) => path)).toContain(name);
    },
  );
});

describe("what is wrong is said in our own words", () => {
  const cases: readonly (readonly [name: string, value: string, says: string])[] = [
    ["RUNS_MAX", "0", "must be at least 1"],
    ["RUNS_MAX", "2000000", "must be at most 1000000"],
    ["RUNS_MAX", "1.5", "must be a whole number"],
    ["RUNS_MAX", "many", "must be a number"],
    ["PORT", "70000", "must be at most 65535"],
    ["BODY_BYTES_MAX", "64KB", "must be a number"],
    ["BODY_BYTES_MAX", "64", "must be at least 1024"],
    ["BREAKER_FAILURE_SHARE", "90", "must be at most 1"],
    ["SHARE_RUNS", "maybe", "must be true or false"],
    ["UPLOADS", "true", "must be auto, on or off"],
    ["CORS_ORIGINS", "*", "must be origins"],
    ["CORS_ORIGINS", "https://app.example.com/", "must be origins"],
    ["CORS_ORIGINS", "https://a.example.com, app.example.com", "must be origins"],
    ["OPENAI_BASE_URL", "localhost", "must be an http(s) URL"],
    ["EMBEDDING_BASE_URL", "localhost:8080/v1", "must be an http(s) URL"],
    ["HOST", "localhost:80", "must be an address or a name alone"],
    ["HOST", "http://127.0.0.1", "must be an address or a name alone"],
    ["HOST", "[::1]", "must be an address or a name alone"],
    ["DATA_DIR", "db://documents", "must be a folder, or an address such as s3://bucket/path"],
    ["DATA_DIR", "s3://", "must be a folder, or an address such as s3://bucket/path"],
  ];
  /** What is said behind it is an example. */
  const withExample: Readonly<Record<string, RegExp>> = {
    CORS_ORIGINS: /^ as browsers send them, such as https:\/\/app\.example\.com$/,
    HOST: /^, such as 127\.0\.0\.1, .* into PORT$/,
    DATA_DIR: /^, gs:\/\/bucket\/path .* into LANCE_URL$/,
  };
  test.each(cases)("%s=%s", (name, value, says) => {
    const [before, after] = refusalOf({ [name]: value })?.detail?.split(says) ?? [];
    expect(before).toBe(`settings are wrong: ${name}: `);
    expect(after).toMatch(withExample[name] ?? /^$/);
  });

  test.each([
    "OPENAI_API_KEY",
    "RERANK_API_KEY",
    "EMBEDDING_API_KEY",
    "CHAT_FALLBACK_API_KEY",
    "LANCE_API_KEY",
    "API_KEY",
    "ADMIN_TOKEN",
  ])("%s that no header carries", (name) => {
    for (const key of ["sk-…", "“sk-secret”", "sk-secret\nsk-other", "sk secret"]) {
      expect(refusalOf({ [name]: key })?.detail).toBe(
        `settings are wrong: ${name}: holds a blank or a sign that no key has, such as …; copy the key itself`,
      );
    }
    // As it comes out of a file.
    expect(refusalOf({ OPENAI_API_KEY: "sk-secret\n" })).toBe(undefined);
  });

  test("for whatever setting and value", () => {
    const words = describeSettings().flatMap(({ variable }) =>
      ["?!", "-5", "1.5", "99999999999999999"].map((value) => refusalOf({ [variable]: value })),
    );
    const said = words.flatMap((error) => error?.issues.map(({ message }) => message) ?? []);
    expect(said.length).toBeGreaterThan(100);
    expect(said.filter((message) => /Invalid|expected|received|Too /.test(message))).toEqual([]);
  });
});

test("origins of pages are a list", () => {
  const origins = ["https://app.example.com", "http://localhost:3000", "chrome-extension://abc"];
  expect(parseConfig({ CORS_ORIGINS: ` ${origins.join(" , ")},` }).corsOrigins).toEqual(origins);
});

test("limits on the edge are taken", () => {
  expect(refusalOf({ EMBED_ATTEMPT_TIMEOUT_MS: "3000", BREAKER_SAMPLES_MIN: "20" })).toBe(
    undefined,
  );
  expect(refusalOf({ RUN_QUEUE_MAX: "0", CHAT_CONTEXT_TOKENS_MAX: "1025" })).toBe(undefined);
  expect(refusalOf({ HEDGE_SHARE_MAX: "0", CHAT_TOKENS_PER_MINUTE_MAX: "7024" })).toBe(undefined);
});

test("fallback models are a list; blanks and gaps in it do not count", () => {
  expect(parseConfig({ CHAT_MODELS_FALLBACK: " b , ,c," }).chatModelsFallback).toEqual(["b", "c"]);
  expect(refusalOf({ CHAT_MODELS_FALLBACK: " , " })?.detail).toContain("CHAT_MODELS_FALLBACK");
});

test("every setting has a sentence and a subject", () => {
  const settings = describeSettings();
  expect(settings.filter(({ subject }) => subject === "")).toEqual([]);
  expect(settings.filter(({ meaning }) => !/^[A-Z].*\.$/.test(meaning))).toEqual([]);
});
