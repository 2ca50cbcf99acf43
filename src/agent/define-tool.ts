/** How people write tools of their own: a declaration, checked arguments, and a function that heeds its signal. */
import type * as z from "zod";
import type { Tool } from "./tool.ts";

export interface ToolDefinition<Arguments extends z.ZodObject> {
  /** 1 to 64 letters, digits, `_` and `-`; not that of a tool every run has. */
  readonly name: string;
  /** For the model: what it does and when to use it. */
  readonly description: string;
  /** `z.strictObject` refuses fields nobody knows. Text for the model: `.describe()`. */
  readonly parameters: Arguments;
  /** It changes nothing. If not, it runs alone and sub-agents do not get it. */
  readonly readOnly: boolean;
  /** Doing it twice is as good as doing it once. If not, the same call is never made twice in a run. */
  readonly idempotent: boolean;
  /** Longest a call may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Runs alone in its step. Unset: as `readOnly` says. */
  readonly sequential?: boolean;
  /** Calls of one run with all its sub-agents. */
  readonly callsMax?: number;
  /** Its result becomes a passage that the answer may cite and is checked against. */
  readonly citable?: boolean;
  /**
   * What the model gets to read, as a text or anything JSON can say; cut at TOOL_RESULT_CHARS_MAX. Must end
   * when the signal aborts. Throws RetryTool (the model may call again with other arguments) and ToolFailed
   * (it goes on without); whatever else it throws is taken for a bug and ends the run.
   */
  run(args: z.infer<Arguments>, context: ToolCallContext): Promise<unknown>;
}

export interface ToolCallContext {
  /** Aborts at the tool's time, at the run's, and when the client leaves. */
  readonly signal: AbortSignal;
  readonly callId: string;
  readonly runId: string;
}

/** Makes a tool of the definition. What is wrong with it is said at the start, by name. */
export function defineTool<Arguments extends z.ZodObject>(
  definition: ToolDefinition<Arguments>,
): Tool<Arguments> {
  return {
    ...definition,
    sequential: definition.sequential ?? !definition.readOnly,
    execute: async (args, { signal, callId, run: { id: runId } }) =>
      definition.run(args, { signal, callId, runId }),
  };
}
