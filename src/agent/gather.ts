/** The loop of a run with tools: model and tools in turn until the model has what it needs, or may go no further. */
import * as z from "zod";
import type { Ask } from "../domain/ask.ts";
import type { Passage } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import type { ChatMessage, ChatModel, ToolCall } from "../models/model.ts";
import type { Run } from "../run.ts";
import { estimateTokens } from "../text/tokens.ts";
import { toGatherMessages } from "./prompt.ts";
import { runStep, type StepContext } from "./step.ts";
import type { Tool } from "./tool.ts";

export interface GatherOptions {
  readonly chat: ChatModel;
  readonly tools: readonly Tool[];
  readonly ask: Ask;
  readonly run: Run;
  /** What retrieval has found for the question itself. */
  readonly passages: readonly Passage[];
  readonly onFallback: (modelId: string) => void;
}

export interface Gathered {
  /** All that is in the context now, labels counting on from those there were. */
  readonly passages: readonly Passage[];
  /** A limit ended it, and not the model. */
  readonly exhausted: boolean;
}

/** Calls that are the same as all calls of a step before it; then the model goes round in circles. */
const REPEATS_MAX = 2;

/** Gathers passages. Throws what the model throws, and what ends the run in a tool. */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const { ask, run, tools } = options;
  const passages = [...options.passages];
  const messages: ChatMessage[] = [...toGatherMessages(ask, passages)];
  const context = { run, tools, counts: new Map(), addPassages: createContext(passages, run) };
  const seen = new Map<string, number>();
  let calls = 0;
  let tokens = 0;
  for (let step = 1; step <= ask.limits.stepsMax; step += 1) {
    await run.emit({ type: "step-start", step });
    const turn = step === 1 ? await takeTurn(messages, options) : await tryTurn(messages, options);
    if (turn === undefined) return { passages, exhausted: true };
    tokens += turn.tokens;
    if (turn.calls.length === 0) return { passages, exhausted: false };
    calls += turn.calls.length;
    const isOver = calls > ask.limits.toolCallsMax || tokens > ask.limits.tokensMax;
    if (isOver || isRoundAgain(turn.calls, seen)) return { passages, exhausted: true };
    messages.push({ role: "assistant", content: turn.text, toolCalls: turn.calls });
    const replies = await runStep(turn.calls, { ...context, step } satisfies StepContext);
    for (const { callId, content } of replies) messages.push({ role: "tool", callId, content });
  }
  return { passages, exhausted: true };
}

interface Turn {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  readonly tokens: number;
}

/** Undefined when what was gathered has outgrown the model's context: then it is enough, and the answer is written from the best of it. */
async function tryTurn(
  messages: readonly ChatMessage[],
  options: GatherOptions,
): Promise<Turn | undefined> {
  try {
    return await takeTurn(messages, options);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== "context_too_long") throw thrown;
    await options.run.degrade("context_trimmed");
    return undefined;
  }
}

/** One model call to its end; emits its usage. */
async function takeTurn(messages: readonly ChatMessage[], options: GatherOptions): Promise<Turn> {
  const { chat, run, tools, onFallback } = options;
  let text = "";
  let calls: readonly ToolCall[] = [];
  let usage = {
    inputTokens: messages.reduce((sum, { content }) => sum + estimateTokens(content), 0),
    outputTokens: 0,
  };
  const request = {
    messages: [...messages],
    outputTokensMax: run.config.outputTokensMax,
    temperature: 0,
    tools: tools.map(({ name, description, parameters }) => ({
      name,
      description,
      parameters: z.toJSONSchema(parameters) as Readonly<Record<string, unknown>>,
    })),
    onFallback,
  };
  try {
    for await (const delta of chat.stream(request, run.signal)) {
      if (delta.type === "text") text += delta.text;
      if (delta.type === "tool-calls") ({ calls } = delta);
      if (delta.type === "usage") usage = delta;
      if (delta.type === "finish" && delta.reason === "length" && calls.length === 0) {
        throw new AppError("upstream_bad_response", {
          detail: `${chat.id} used up its tokens before it had called a tool`,
        });
      }
    }
  } finally {
    const { inputTokens, outputTokens } = usage;
    await run.emit({ type: "usage", inputTokens, outputTokens, requests: 1 });
  }
  return { text, calls, tokens: usage.inputTokens + usage.outputTokens };
}

function isRoundAgain(calls: readonly ToolCall[], seen: Map<string, number>): boolean {
  const key = calls.map(({ name, arguments: text }) => `${name} ${text}`).join("\n");
  const times = (seen.get(key) ?? 0) + 1;
  seen.set(key, times);
  return times > REPEATS_MAX;
}

/** Puts passages into the context that are not there yet, under the next labels, and tells the client of them. */
function createContext(passages: Passage[], run: Run): StepContext["addPassages"] {
  const known = new Set(passages.map(toKey));
  return async (found) => {
    const fresh: Passage[] = [];
    for (const passage of found) {
      const key = toKey(passage);
      if (known.has(key) || passages.length >= run.config.passagesOfToolsMax) continue;
      known.add(key);
      const labelled = { ...passage, label: passages.length + 1 };
      passages.push(labelled);
      fresh.push(labelled);
    }
    if (fresh.length > 0) await run.emit({ type: "retrieval-end", passages: fresh });
    return fresh;
  };
}

function toKey({ collection, chunkId }: Passage): string {
  return `${collection}\n${chunkId}`;
}
