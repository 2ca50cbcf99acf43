/** The loop of an agent: model and tools in turn until the model has what it needs, or may go no further. */
import type { Ask } from "../domain/ask.ts";
import type { Passage } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import type { ChatMessage, ChatModel, ToolCall, ToolOffer } from "../models/model.ts";
import type { Run } from "../run.ts";
import { inSpan } from "../telemetry/in-span.ts";
import type { Budget } from "./budget.ts";
import { fitContext, fitsContext } from "./fit-context.ts";
import type { AddPassages } from "./pool.ts";
import { toGatherMessages } from "./prompt.ts";
import { runStep, type StepContext } from "./step.ts";
import { takeTurn, type Turn, type TurnOptions } from "./take-turn.ts";
import { type Tool, toArgumentsSchema } from "./tool.ts";

export interface GatherOptions {
  readonly chat: ChatModel;
  readonly tools: readonly Tool[];
  readonly ask: Pick<Ask, "question" | "history">;
  readonly stepsMax: number;
  readonly run: Run;
  readonly budget: Budget;
  /** What the model is shown to begin with. */
  readonly passages: readonly Passage[];
  /** Takes what tools bring. */
  readonly addPassages: AddPassages;
}

/** Whether the model ended it, or a limit did. */
export type Gathering = "finished" | "exhausted";

/** Calls that are the same as all calls of a step before it; then the model goes round in circles. */
const REPEATS_MAX = 2;

/** Gathers passages. Throws what the model throws, and what ends the run in a tool. */
export async function gather(options: GatherOptions): Promise<Gathering> {
  const { chat, ask, run, tools, budget, addPassages, passages, stepsMax } = options;
  const toMessages = (some: readonly Passage[]) => toGatherMessages(ask, some);
  const messages: ChatMessage[] = [...toMessages(fitContext(passages, run.config, toMessages))];
  const context = { run, tools, budget, addPassages, wrong: new Map(), spent: new Set<string>() };
  const seen = new Map<string, number>();
  const { outputTokensMax } = run.config;
  const offers = tools.map(toOffer);
  /** Undefined where another step follows. */
  const takeStep = async (step: number): Promise<Gathering | undefined> => {
    await run.emit({ type: "step-start", step });
    const request = { messages: [...messages], outputTokensMax, tools: offers };
    const turn = await tryTurn(chat, request, { run, budget, isFirst: step === 1 });
    if (turn === undefined) return "exhausted";
    const { text, echo } = turn;
    if (turn.calls.length === 0) return "finished";
    // Some servers count anew in every answer, or give every call the same id.
    const calls = turn.calls.map((call) => ({ ...call, id: budget.takeCallId(call.id) }));
    if (isRoundAgain(calls, seen) || !budget.takeToolCalls(calls.length)) return "exhausted";
    const said = { role: "assistant", content: text, toolCalls: calls } as const;
    messages.push(echo === undefined ? said : { ...said, echo });
    const replies = await runStep(calls, { ...context, step } satisfies StepContext);
    for (const { callId, content } of replies) messages.push({ role: "tool", callId, content });
    return undefined;
  };
  for (let step = 1; step <= stepsMax && budget.takeModelCall(); step += 1) {
    const attributes = { "tributary.step": step };
    const ending = await inSpan(run.tracer, `step ${step}`, { attributes }, () => takeStep(step));
    if (ending !== undefined) return ending;
  }
  return "exhausted";
}

/** Undefined when what was gathered has outgrown the model's context: then it is enough, and the answer is written from the best of it. */
async function tryTurn(
  chat: ChatModel,
  request: Parameters<typeof takeTurn>[1],
  { isFirst, ...options }: TurnOptions & { readonly isFirst: boolean },
): Promise<Turn | undefined> {
  const { run } = options;
  if (isFirst || fitsContext(request.messages, run.config)) {
    try {
      return await takeTurn(chat, request, options);
    } catch (thrown) {
      if (isFirst || !(thrown instanceof AppError) || thrown.code !== "context_too_long") {
        throw thrown;
      }
    }
  }
  await run.degrade("context_trimmed");
  return undefined;
}

function toOffer({ name, description, parameters }: Tool): ToolOffer {
  return { name, description, parameters: toArgumentsSchema(parameters) };
}

function isRoundAgain(calls: readonly ToolCall[], seen: Map<string, number>): boolean {
  const key = calls.map(({ name, arguments: text }) => `${name} ${text}`).join("\n");
  const times = (seen.get(key) ?? 0) + 1;
  seen.set(key, times);
  return times > REPEATS_MAX;
}
