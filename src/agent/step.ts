/** The tool calls of one step: checked first, then run at the same time, told in the order they were made. */
import pMap from "p-map";
import { startDeadline } from "../async/deadline.ts";
import { untilAborted } from "../async/until-aborted.ts";
import { AppError } from "../errors.ts";
import type { ToolCall } from "../models/model.ts";
import type { Run } from "../run.ts";
import { TOOL_STAGE, toTenths } from "../telemetry/timeline.ts";
import { RetryTool, type Tool, type ToolContext, ToolFailed } from "./tool.ts";
import { toToolResult } from "./tool-result.ts";

export interface StepContext extends Pick<ToolContext, "addPassages"> {
  readonly run: Run;
  readonly tools: readonly Tool[];
  readonly step: number;
  /** How often each tool was called, and how often a call of it was wrong; counted on here. */
  readonly counts: Map<string, { calls: number; wrong: number }>;
}

/** What the model is told of a call. */
export interface ToolReply {
  readonly callId: string;
  readonly content: string;
}

/** Wrong calls of one tool after which the model is told to leave it alone. */
const WRONG_MAX = 3;
const ARGUMENT_CHARS_MAX = 100_000;

/**
 * Replies in the order of the calls, whatever order they end in. A call that is wrong, late or fails is a
 * reply; anything else a tool throws ends the step: the other calls are aborted and waited for, then it is thrown.
 */
export async function runStep(
  calls: readonly ToolCall[],
  context: StepContext,
): Promise<readonly ToolReply[]> {
  const prepared = calls.map((call) => prepare(call, context));
  for (const { call, args } of prepared) {
    const { id: callId, name } = call;
    const { step } = context;
    await context.run.emit({ type: "tool-call", step, callId, name, arguments: args ?? {} });
  }
  const all = new AbortController();
  const replies: ToolReply[] = [];
  for (const batch of toBatches(prepared)) {
    const done = await pMap(
      batch,
      async (one) => {
        try {
          return await runOne(one, context, all.signal);
        } catch (thrown) {
          all.abort(thrown);
          return { thrown };
        }
      },
      { concurrency: context.run.config.toolConcurrencyMax },
    );
    for (const one of done) if ("thrown" in one) throw one.thrown;
    replies.push(...done.filter((one) => "callId" in one));
  }
  return replies;
}

interface Prepared {
  readonly call: ToolCall;
  readonly tool: Tool | undefined;
  readonly args: Record<string, unknown> | undefined;
  /** Why it is not run. */
  readonly refusal?: { readonly code: string; readonly detail: string };
}

function prepare(call: ToolCall, { tools, counts }: StepContext): Prepared {
  const tool = tools.find(({ name }) => name === call.name);
  const refuse = (code: string, detail: string): Prepared => ({
    call,
    tool,
    args: undefined,
    refusal: { code, detail },
  });
  if (tool === undefined) {
    const names = tools.map(({ name }) => name).join(", ");
    return refuse("unknown_tool", `there is no such tool; there are: ${names}`);
  }
  const count = counts.get(tool.name) ?? { calls: 0, wrong: 0 };
  counts.set(tool.name, count);
  if (count.wrong >= WRONG_MAX) {
    return refuse("tool_retries_spent", "too many calls of it were wrong; go on without it");
  }
  if (count.calls >= (tool.callsMax ?? Number.POSITIVE_INFINITY)) {
    return refuse("tool_calls_spent", "it was called as often as it may be; go on without it");
  }
  count.calls += 1;
  const parsed = parseArguments(call.arguments, tool);
  if (typeof parsed !== "string") return { call, tool, args: parsed };
  count.wrong += 1;
  return refuse("invalid_arguments", parsed);
}

/** The arguments, or what is wrong with them. */
function parseArguments(text: string, tool: Tool): Record<string, unknown> | string {
  if (text.length > ARGUMENT_CHARS_MAX) return "the arguments are far too long";
  try {
    const parsed = tool.parameters.safeParse(JSON.parse(text.trim() === "" ? "{}" : text));
    if (parsed.success) return parsed.data;
    const issues = parsed.error.issues.slice(0, 5);
    return issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  } catch {
    return "the arguments are not JSON";
  }
}

/** Calls that run together; a sequential tool stands alone. */
function toBatches(prepared: readonly Prepared[]): readonly (readonly Prepared[])[] {
  const batches: Prepared[][] = [];
  let isOpen = false;
  for (const one of prepared) {
    const isAlone = one.tool?.sequential === true;
    if (isOpen && !isAlone) batches.at(-1)?.push(one);
    else batches.push([one]);
    isOpen = !isAlone;
  }
  return batches;
}

async function runOne(
  { call, tool, args, refusal }: Prepared,
  context: StepContext,
  siblings: AbortSignal,
): Promise<ToolReply> {
  const { run, step, counts } = context;
  const { id: callId, name } = call;
  const startMs = run.timeline.elapsedMs();
  const tell = async (event: ToolEnd): Promise<void> => {
    const endMs = toTenths(run.timeline.elapsedMs());
    await run.emit({ ...event, step, callId, name, startMs: toTenths(startMs), endMs });
  };
  const fail = async (code: string, detail: string, retry: boolean): Promise<ToolReply> => {
    await tell({ type: "tool-error", code, detail, retry });
    return { callId, content: `Error: ${detail}` };
  };
  if (tool === undefined || args === undefined) {
    const { code, detail } = refusal ?? { code: "unknown_tool", detail: "there is no such tool" };
    return fail(code, detail, code === "invalid_arguments" || code === "unknown_tool");
  }
  const parent = AbortSignal.any([run.signal, siblings]);
  using deadline = startDeadline({ clock: run.clock, budgetMs: tool.timeoutMs, parent });
  const { signal } = deadline;
  try {
    const work = tool.execute(args, { run, signal, callId, addPassages: context.addPassages });
    const value = await run.timeline.stage(`${TOOL_STAGE}${name}`, [], () =>
      untilAborted(work, signal),
    );
    const content = toToolResult(value, run.config.toolResultCharsMax);
    await tell({ type: "tool-result", summary: content.slice(0, 120) });
    return { callId, content };
  } catch (thrown) {
    if (parent.aborted) throw thrown;
    const count = counts.get(name);
    if (signal.aborted) {
      if (count !== undefined) count.wrong += 1;
      await run.degrade(`tool_failed:${name}`);
      return await fail("tool_timeout", `it took longer than ${tool.timeoutMs} ms`, true);
    }
    if (thrown instanceof RetryTool) {
      if (count !== undefined) count.wrong += 1;
      return await fail("tool_retry", thrown.message, true);
    }
    if (thrown instanceof ToolFailed) {
      await run.degrade(`tool_failed:${name}`);
      return await fail("tool_failed", thrown.message, false);
    }
    throw thrown instanceof AppError ? thrown : new AppError("internal", { cause: thrown });
  }
}

type ToolEnd =
  | { readonly type: "tool-result"; readonly summary: string }
  | {
      readonly type: "tool-error";
      readonly code: string;
      readonly detail: string;
      readonly retry: boolean;
    };
