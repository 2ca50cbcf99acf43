/** What one run may still spend: one counter for everything that it asks a model. */
import type { Config } from "../config.ts";
import type { RunLimits } from "../domain/ask.ts";
import type { Usage } from "../domain/event.ts";

/** What a model call came to. */
export type Spent = Pick<Usage, "inputTokens" | "outputTokens">;

export interface Budget {
  /** Books a model call; false, and nothing is booked, where none is left or the tokens are used up. */
  takeModelCall(): boolean;
  /** Books the calls of a whole step before any of them runs; false, and nothing is booked, where they are too many. */
  takeToolCalls(count: number): boolean;
  /** What a model call came to; known only after it. */
  addTokens(spent: Spent): void;
  /** No tokens are left: nothing is asked for a second time. The answer itself is always asked for. */
  readonly isSpent: boolean;
  /** Books one call of a tool that may be called only so often. */
  takeCallOf(tool: string, callsMax: number): boolean;
  /** An id for a tool call that no other call of the run has: the one wanted, where that is free. */
  takeCallId(wanted: string): string;
  /** Model calls that came to their end: the model works. */
  readonly answered: number;
}

/** Creates a full budget. Every method is synchronous, so that no two agents get the same last call. */
export function createBudget(
  {
    toolCallsMax,
    tokensMax,
    inputTokensMax = tokensMax,
    outputTokensMax = tokensMax,
  }: Omit<RunLimits, "stepsMax">,
  { modelCallsMax }: Pick<Config, "modelCallsMax">,
): Budget {
  const callsOf = new Map<string, number>();
  const callIds = new Set<string>();
  let modelCalls = 0;
  let toolCalls = 0;
  let [input, output] = [0, 0];
  let answered = 0;
  const isSpent = (): boolean =>
    input + output >= tokensMax || input >= inputTokensMax || output >= outputTokensMax;
  return {
    takeModelCall() {
      if (modelCalls >= modelCallsMax || isSpent()) return false;
      modelCalls += 1;
      return true;
    },
    takeToolCalls(count) {
      if (toolCalls + count > toolCallsMax || isSpent()) return false;
      toolCalls += count;
      return true;
    },
    addTokens({ inputTokens, outputTokens }) {
      answered += 1;
      input += inputTokens;
      output += outputTokens;
    },
    takeCallOf(tool, callsMax) {
      const calls = callsOf.get(tool) ?? 0;
      if (calls >= callsMax) return false;
      callsOf.set(tool, calls + 1);
      return true;
    },
    takeCallId(wanted) {
      let id = wanted;
      for (let count = 2; callIds.has(id); count += 1) id = `${wanted}_${count}`;
      callIds.add(id);
      return id;
    },
    get isSpent() {
      return isSpent();
    },
    get answered() {
      return answered;
    },
  };
}
