/** The tool calls of one step: checked first, then run at the same time, told in the order they were made. */
import pMap from "p-map";
import { lendDeadline, startDeadline } from "../async/deadline.ts";
import { untilAborted } from "../async/until-aborted.ts";
import { type AppError, toAppError } from "../errors.ts";
import type { Passage } from "../domain/event.ts";
import type { ToolCall } from "../models/model.ts";
import { type Run, withDeadline } from "../run.ts";
import { inSpan } from "../telemetry/in-span.ts";
import { toTenths } from "../telemetry/timeline.ts";
import type { Span } from "../telemetry/tracer.ts";
import { stripHidden } from "../text/hidden-characters.ts";
import type { AddPassages } from "./pool.ts";
import { type CallRules, countWrong, prepareCall, type Prepared } from "./prepare-call.ts";
import { RetryTool, type Tool, type ToolContext, ToolFailed } from "./tool.ts";
import { toEvidence, toSummary, toToolResult } from "./tool-result.ts";

export interface StepContext extends CallRules, Pick<ToolContext, "addPassages" | "run"> {
  readonly step: number;
}

/** What the model is told of a call. */
export interface ToolReply {
  readonly callId: string;
  readonly content: string;
}

/** Tools that were told to end are waited for so long; what has not ended then does not heed its signal. */
const DRAIN_MS = 1_000;

/**
 * Replies in the order of the calls, whatever order they end in. A call that is wrong, late or fails is a
 * reply; anything else a tool throws ends the step: the other calls are aborted and waited for, then it is thrown.
 */
export async function runStep(
  calls: readonly ToolCall[],
  context: StepContext,
): Promise<readonly ToolReply[]> {
  const prepared = calls.map((call) => prepareCall(call, context));
  for (const { call, written } of prepared) {
    const { id: callId, name } = call;
    const { step } = context;
    await context.run.emit({ type: "tool-call", step, callId, name, arguments: written ?? {} });
  }
  const all = new AbortController();
  const siblings: Siblings = { signal: all.signal, working: [] };
  const run = async (one: Prepared): Promise<readonly ToolReply[]> => {
    try {
      return [await runOne(one, context, siblings)];
    } catch (thrown) {
      all.abort(thrown);
      return [];
    }
  };
  const replies: ToolReply[] = [];
  // When one has ended the step, the others come here as well: each is told to be over, and its tool does not begin.
  const { toolConcurrencyMax: concurrency } = context.run.config;
  for (const batch of toBatches(prepared)) {
    replies.push(...(await pMap(batch, run, { concurrency })).flat());
  }
  if (all.signal.aborted) await drain(siblings, context.run);
  all.signal.throwIfAborted();
  return replies;
}

/** The tools of one step. */
interface Siblings {
  /** Aborts when one of them has ended the step. */
  readonly signal: AbortSignal;
  readonly working: Promise<unknown>[];
}

async function drain({ working }: Siblings, run: Run): Promise<void> {
  using deadline = startDeadline({ clock: run.clock, budgetMs: DRAIN_MS, parent: run.signal });
  await untilAborted(Promise.allSettled(working), deadline.signal).catch(() => "left");
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

/** As a span. A name that is no tool's is the model's own word and not told. */
function runOne(prepared: Prepared, context: StepContext, siblings: Siblings): Promise<ToolReply> {
  const { call, tool } = prepared;
  const name = tool?.name ?? "unknown";
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": name,
    "gen_ai.tool.call.id": call.id,
  };
  return inSpan(context.run.tracer, `execute_tool ${name}`, { attributes }, (span) =>
    execute(prepared, context, { siblings, span }),
  );
}

async function execute(
  { call, tool, args, refusal }: Prepared,
  context: StepContext,
  { siblings, span }: { readonly siblings: Siblings; readonly span: Span },
): Promise<ToolReply> {
  const { run, step } = context;
  const { id: callId, name } = call;
  const startMs = run.timeline.elapsedMs();
  const tell = async (event: ToolEnd): Promise<void> => {
    const endMs = toTenths(run.timeline.elapsedMs());
    await run.emit({ ...event, step, callId, name, startMs: toTenths(startMs), endMs });
  };
  const fail = async (code: string, detail: string, retry: boolean): Promise<ToolReply> => {
    span.end(code);
    await tell({ type: "tool-error", code, detail, retry });
    return { callId, content: `Error: ${detail}` };
  };
  if (tool === undefined || args === undefined) {
    const { code, detail } = refusal ?? { code: "unknown_tool", detail: "there is no such tool" };
    return fail(code, detail, code === "invalid_arguments" || code === "unknown_tool");
  }
  const parent = AbortSignal.any([run.signal, siblings.signal]);
  lendDeadline(parent, () => run.deadline.remainingMs());
  const lateMs = run.clock.now() + tool.timeoutMs;
  using deadline = startDeadline({ clock: run.clock, budgetMs: tool.timeoutMs, parent });
  const { signal } = deadline;
  try {
    // Calls that waited for a place come here after the end as well; their tools must not begin.
    signal.throwIfAborted();
    const found: Passage[] = [];
    const addPassages: AddPassages = async (passages) => {
      signal.throwIfAborted(); // it was told to have failed, and may be at work all the same
      const added = await context.addPassages(passages);
      found.push(...added);
      return added;
    };
    const own = { run: withDeadline(run, deadline), signal, callId, addPassages };
    const value = await run.timeline.measure(`tool:${name}`, [], () => {
      const work = tool.execute(args, own);
      siblings.working.push(work);
      return untilAborted(work, signal);
    });
    const text = toToolResult(value, run.config.toolResultCharsMax);
    const summary = toSummary(text, found);
    const content =
      tool.citable === true ? await toEvidence(text, call, context.addPassages) : text;
    context.wrong.delete(name);
    await tell({ type: "tool-result", summary });
    // What a document hides from its readers, a tool must not hand to the model either.
    return { callId, content: stripHidden(content) };
  } catch (thrown) {
    const { error, isWrong, isLost, code, detail, retry } = judge(thrown, tool, {
      run: run.signal,
      siblings: siblings.signal,
      // On a busy machine a tool's failure may be seen before the timer that it came after.
      isLate: signal.aborted || lateMs <= run.clock.now(),
    });
    if (isWrong === true) countWrong(name, context);
    if (isLost === true) await run.degrade(`tool_failed:${name}`);
    const reply = await fail(code, detail, retry);
    if (error !== undefined) throw error;
    return reply;
  }
}

interface Failure {
  readonly code: string;
  readonly detail: string;
  readonly retry: boolean;
  /** The model did it wrong. */
  readonly isWrong?: boolean;
  /** The answer is made without it. */
  readonly isLost?: boolean;
  /** It ends the step. */
  readonly error?: AppError;
}

interface Circumstances {
  readonly run: AbortSignal;
  readonly siblings: AbortSignal;
  /** The call's own time is over. */
  readonly isLate: boolean;
}

/** What a call comes to that threw. Where its step is over it is told as well: what was told to have begun has an end. */
function judge(thrown: unknown, tool: Tool, { run, siblings, isLate }: Circumstances): Failure {
  if (run.aborted || siblings.aborted) {
    const error = toAppError(run.aborted ? run.reason : thrown);
    const code = run.aborted ? error.code : "cancelled";
    return { code, detail: "it was broken off", retry: false, error };
  }
  if (isLate) {
    const late = `it took longer than ${tool.timeoutMs} ms`;
    const unsure = tool.idempotent ? "" : "; it may have been done all the same";
    const detail = `${late}${unsure}`;
    return { code: "tool_timeout", detail, retry: tool.idempotent, isWrong: true, isLost: true };
  }
  if (thrown instanceof RetryTool) {
    return { code: "tool_retry", detail: thrown.message, retry: true, isWrong: true };
  }
  if (thrown instanceof ToolFailed) {
    return { code: "tool_failed", detail: thrown.message, retry: false, isLost: true };
  }
  const error = toAppError(thrown);
  return { code: error.code, detail: "it failed", retry: false, error };
}

type ToolEnd =
  | { readonly type: "tool-result"; readonly summary: string }
  | {
      readonly type: "tool-error";
      readonly code: string;
      readonly detail: string;
      readonly retry: boolean;
    };
