import { describe, expect, test } from "vitest";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import type { ChatModel } from "../../src/models/model.ts";
import { withFallback } from "../../src/models/with-fallback.ts";
import { createScriptedChat, type Script, says } from "../support/scripted-chat.ts";

const named = (id: string, script: Script): ChatModel => ({ ...createScriptedChat(script), id });

async function ask(chat: ChatModel, signal = new AbortController().signal) {
  const seen = { text: "", writers: [] as string[], error: undefined as unknown };
  const request = {
    messages: [],
    outputTokensMax: 10,
    temperature: 0,
    onFallback: (id: string) => seen.writers.push(id),
  };
  try {
    for await (const delta of chat.stream(request, signal)) {
      if (delta.type === "text") seen.text += delta.text;
    }
  } catch (thrown) {
    seen.error = thrown;
  }
  return seen;
}

describe("a chat model with fallbacks", () => {
  test("is itself as long as it answers, and nobody is told", async () => {
    const chat = withFallback(named("a", says("hello")), [named("b", [])]);
    expect(chat.id).toBe("a");
    expect(await ask(chat)).toEqual({ text: "hello", writers: [], error: undefined });
  });

  test.each<ErrorCode>([
    "upstream_unavailable",
    "upstream_rate_limited",
    "upstream_stalled",
    "upstream_truncated",
    "upstream_bad_response",
    "upstream_config",
    "context_too_long",
    "overloaded",
  ])("lets the next one write after %s, and says who wrote", async (code) => {
    const chat = withFallback(named("a", [new AppError(code)]), [
      named("b", [new AppError("upstream_unavailable")]),
      named("c", says("hello")),
    ]);
    expect(await ask(chat)).toEqual({ text: "hello", writers: ["c"], error: undefined });
  });

  test.each<ErrorCode>(["content_filtered", "internal"])("never gets around %s", async (code) => {
    const error = new AppError(code);
    const chat = withFallback(named("a", [error]), [named("b", says("hello"))]);
    expect(await ask(chat)).toEqual({ text: "", writers: [], error });
  });

  test("a bug stays a bug", async () => {
    const bug = new TypeError("x is not a function");
    const chat = withFallback(named("a", [bug]), [named("b", says("hello"))]);
    expect((await ask(chat)).error).toBe(bug);
  });

  test("what was shown is not replaced", async () => {
    const error = new AppError("upstream_truncated");
    const chat = withFallback(named("a", [{ type: "text", text: "so" }, error]), [
      named("b", says("hello")),
    ]);
    expect(await ask(chat)).toEqual({ text: "so", writers: [], error });
  });

  test("fails as the last one did", async () => {
    const last = new AppError("upstream_config");
    const chat = withFallback(named("a", [new AppError("upstream_stalled")]), [named("b", [last])]);
    expect((await ask(chat)).error).toBe(last);
  });

  test("asks nobody else for a caller who left", async () => {
    const controller = new AbortController();
    const failing = createScriptedChat([new AppError("upstream_unavailable")]);
    const leaving: ChatModel = {
      id: "a",
      stream(...given) {
        queueMicrotask(() => controller.abort());
        return failing.stream(...given);
      },
    };
    const other = createScriptedChat(says("hello"));
    await ask(withFallback(leaving, [other]), controller.signal);
    expect(other.requests).toHaveLength(0);
  });
});
