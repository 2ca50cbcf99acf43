/** Port: a tool the model may call, and the two ways in which it can fail without ending the run. */
import * as z from "zod";
import type { Passage } from "../domain/event.ts";
import type { Run } from "../run.ts";

export interface Tool<Arguments extends z.ZodObject = z.ZodObject> {
  /** Letters, digits, `_` and `-`. */
  readonly name: string;
  /** For the model: what it does and when to use it. */
  readonly description: string;
  readonly parameters: Arguments;
  /** What the model gets to read. Must end when `context.signal` aborts. Throws RetryTool, ToolFailed; all else ends the run. */
  execute(args: z.infer<Arguments>, context: ToolContext): Promise<unknown>;
  /** Longest a call may take; its signal aborts then, and the model is told. */
  readonly timeoutMs: number;
  /** Runs alone: calls before it end first, calls after it wait. */
  readonly sequential?: boolean;
  /** It changes nothing. Sub-agents, which know nothing of each other, get only such tools. */
  readonly readOnly: boolean;
  /** Doing it twice is as good as doing it once. If not, a call that was made is never made again in the run. */
  readonly idempotent: boolean;
  /** Its result may be cited: it becomes a passage of the run, with a label. */
  readonly citable?: boolean;
  /** Calls of one run. Unset: only the run's own limit counts. */
  readonly callsMax?: number;
}

/** JSON Schema of what a model may write: before defaults are filled in and values are transformed. Throws for what JSON cannot say. */
export function toArgumentsSchema(parameters: z.ZodObject): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(parameters, { io: "input" });
}

export interface ToolContext {
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly callId: string;
  /** Puts passages into the context; gives those that were not there, with their labels. */
  readonly addPassages: (passages: readonly Passage[]) => Promise<readonly Passage[]>;
}

/** The call was wrong in a way that the model can mend: it is told why and may try again, so often. */
export class RetryTool extends Error {
  override readonly name = "RetryTool";
}

/** The tool cannot do it: the model is told why and goes on without. */
export class ToolFailed extends Error {
  override readonly name = "ToolFailed";
}
