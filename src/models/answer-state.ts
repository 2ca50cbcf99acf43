/** What a model's streamed answer has come to so far, and whether it may end there. */
import { AppError } from "../errors.ts";
import type { ChatChunk } from "./chat-chunk.ts";
import type { ChatRequest, Echo, FinishReason, ToolCall } from "./model.ts";
import { createReasoningBlocks } from "./reasoning-blocks.ts";
import { createThoughtFilter } from "./thought-filter.ts";
import { createToolCallAccumulator } from "./tool-call-accumulator.ts";
import { mendTurnMarks } from "./turn-marks.ts";
import { toBadResponse, type Upstream } from "./upstream.ts";

const ANSWER_CHARS_MAX = 2 * 2 ** 20;

export interface AnswerOrigin {
  readonly modelId: string;
  readonly upstream: Upstream;
}

/** Creates the state of one answer to this request. */
export function createAnswerState(
  { tools = [] }: ChatRequest,
  { modelId, upstream }: AnswerOrigin,
) {
  const accumulator = createToolCallAccumulator(upstream);
  const blocks = createReasoningBlocks();
  const thoughts = createThoughtFilter();
  let reasoning = "";
  /** Of all that was written, thoughts and calls too. */
  let chars = 0;
  const state = {
    /** Of the answer alone. */
    textChars: 0,
    isRefusal: false,
    finish: undefined as ChatChunk["finish"],
    usage: undefined as ChatChunk["usage"],
    /** Takes what came together; gives its text, and whether the model reasons. Throws AppError when the answer is too long. */
    take(batch: readonly ChatChunk[]): { readonly text: string; readonly reasons: boolean } {
      let written = "";
      for (const chunk of batch) {
        written += chunk.text;
        state.isRefusal ||= chunk.refuses;
        state.usage = chunk.usage ?? state.usage;
        state.finish = chunk.finish ?? state.finish;
        // Calls nobody offered are none, and thoughts are kept for turns with calls alone.
        if (tools.length === 0) continue;
        reasoning += chunk.reasoning;
        chars += accumulator.add(chunk.toolCalls) + chunk.reasoning.length;
        chars += blocks.add(chunk.blocks);
      }
      chars += written.length;
      if (chars > ANSWER_CHARS_MAX) {
        throw toBadResponse(`wrote more than ${ANSWER_CHARS_MAX} characters`, upstream);
      }
      const text = thoughts.push(mendTurnMarks(written));
      state.textChars += text.length;
      const isHeld = written !== "" && text === "";
      return { text, reasons: isHeld || batch.some(({ reasons }) => reasons) };
    },
    /** The text that was held back until the end. */
    end(): string {
      const text = thoughts.end();
      state.textChars += text.length;
      return text;
    },
    /** The calls, and what the server wants to have back with them. */
    toolCalls(): { readonly calls: readonly ToolCall[]; readonly echo?: Echo } {
      const calls = accumulator.calls();
      const ofCalls = accumulator.extras();
      const said = reasoning === "" ? {} : { reasoning_content: reasoning };
      const fields = { ...said, ...blocks.fields() };
      const isEmpty = [fields, ...ofCalls].every((extra) => Object.keys(extra).length === 0);
      return isEmpty ? { calls } : { calls, echo: { modelId, fields, ofCalls } };
    },
  };
  return state;
}

type AnswerState = Pick<ReturnType<typeof createAnswerState>, "finish" | "textChars" | "isRefusal">;

/** The finish of a stream that is complete. Throws AppError for every other end. */
export function checkFinish(
  { finish, textChars, isRefusal }: AnswerState,
  { messages, outputSchema }: ChatRequest,
  upstream: Upstream,
): FinishReason {
  switch (finish) {
    case undefined:
      throw toTruncated(upstream, { hasBegun: textChars > 0 });
    case "filtered":
      throw new AppError("content_filtered", {
        detail: `${upstream.name} stopped its answer: its content filter`,
      });
    case "failed":
      throw toBadResponse("reported that its answer failed", upstream);
    case "stop":
    case "length": {
      // In words it can be shown as it is; in place of a value it would be asked for again in vain.
      if (isRefusal && outputSchema !== undefined) {
        throw new AppError("content_filtered", { detail: `${upstream.name} refused to answer` });
      }
      // Who has read what its tools gave and wants no more of them may say nothing.
      const maySayNothing = finish === "stop" && messages.at(-1)?.role === "tool";
      if (textChars > 0 || maySayNothing) return finish;
      throw toBadResponse(describeEmpty(finish), upstream);
    }
    default:
      return finish satisfies never;
  }
}

/** A stream that came to no end of its own. llama-cpp-python says nothing else of a prompt that is too long. */
export function toTruncated(
  { name }: Upstream,
  { hasBegun, cause }: { readonly hasBegun: boolean; readonly cause?: unknown },
): AppError {
  const detail = hasBegun
    ? `${name} broke off its answer`
    : `${name} broke off before its first word: if its context is small, set CHAT_CONTEXT_TOKENS_MAX`;
  return new AppError("upstream_truncated", { detail, cause });
}

function describeEmpty(finish: "stop" | "length"): string {
  return finish === "stop"
    ? "ended its answer without a word"
    : "used up its tokens before the first word: raise OUTPUT_TOKENS_MAX";
}
