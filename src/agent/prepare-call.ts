/** What becomes of a call before anything runs: the tool it means and the arguments that tool gets, or why it is not run. */
import type { ToolCall } from "../models/model.ts";
import type { Budget } from "./budget.ts";
import type { Tool } from "./tool.ts";
import { toToolResult } from "./tool-result.ts";

export interface CallRules {
  readonly tools: readonly Tool[];
  readonly budget: Pick<Budget, "takeCallOf">;
  /** How often calls of a name were wrong since the last that was right; counted here. */
  readonly wrong: Map<string, number>;
  /** Calls that may not be made again; added to here. */
  readonly spent: Set<string>;
}

/** Wrong calls of one tool, or of a name that is none's, after which the model is told to leave it alone. */
const WRONG_MAX = 3;
const ARGUMENT_CHARS_MAX = 100_000;

export interface Prepared {
  readonly call: ToolCall;
  readonly tool: Tool | undefined;
  /** As the model wrote them, and as its schema made them for the tool. */
  readonly written?: unknown;
  readonly args?: Record<string, unknown>;
  /** Why it is not run. */
  readonly refusal?: { readonly code: string; readonly detail: string };
}

export function prepareCall(call: ToolCall, context: CallRules): Prepared {
  const { tools, budget, wrong, spent } = context;
  const tool = tools.find(({ name }) => name === call.name);
  const refuse = (code: string, detail: string): Prepared => ({
    call,
    tool,
    refusal: { code, detail },
  });
  if ((wrong.get(call.name) ?? 0) >= WRONG_MAX) {
    return refuse("tool_retries_spent", "too many calls of it were wrong; go on without it");
  }
  if (tool === undefined) {
    countWrong(call.name, context);
    const names = tools.map(({ name }) => name).join(", ");
    return refuse("unknown_tool", `there is no such tool; there are: ${names}`);
  }
  const parsed = parseArguments(call.arguments, tool);
  if (typeof parsed === "string") {
    countWrong(tool.name, context);
    return refuse("invalid_arguments", parsed);
  }
  const { args, written } = parsed;
  const key = tool.idempotent
    ? undefined
    : `${tool.name} ${toToolResult(args, ARGUMENT_CHARS_MAX)}`;
  if (key !== undefined && spent.has(key)) {
    return refuse("tool_not_repeated", "this was called already, and only once");
  }
  // Last, so that only calls that are made count.
  if (tool.callsMax !== undefined && !budget.takeCallOf(tool.name, tool.callsMax)) {
    return refuse("tool_calls_spent", "it was called as often as it may be; go on without it");
  }
  if (key !== undefined) spent.add(key);
  return { call, tool, args, written };
}

export function countWrong(name: string, { wrong }: CallRules): void {
  wrong.set(name, (wrong.get(name) ?? 0) + 1);
}

/** The arguments, or what is wrong with them. What their schema throws is a mistake of its author. */
function parseArguments(
  text: string,
  tool: Tool,
): Required<Pick<Prepared, "args" | "written">> | string {
  if (text.length > ARGUMENT_CHARS_MAX) return "the arguments are far too long";
  let written: unknown;
  try {
    written = JSON.parse(text.trim() === "" ? "{}" : text, refusePrototype);
  } catch {
    return "the arguments are not JSON";
  }
  const parsed = tool.parameters.safeParse(written);
  if (parsed.success) return { args: parsed.data, written };
  const issues = parsed.error.issues.slice(0, 5);
  return issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}

/** A key that means something else to whoever copies the object; no schema of a tool has to think of it. */
function refusePrototype(key: string, value: unknown): unknown {
  if (key === "__proto__") throw new SyntaxError("a key that is none");
  return value;
}
