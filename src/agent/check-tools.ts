/** What is wrong with tools that came from outside, by name and before any run. */
import * as z from "zod";
import { AppError } from "../errors.ts";
import { BUILT_IN_TOOLS } from "./search-tools.ts";
import { type Tool, toArgumentsSchema } from "./tool.ts";

/** What endpoints accept as the name of a function. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const TIMEOUT_MS_MAX = 300_000;
const DESCRIPTION_CHARS_MAX = 4_000;
const TOOLS_MAX = 64;

const Declared = z.looseObject({
  description: z.string().trim().min(1, "is empty").max(DESCRIPTION_CHARS_MAX),
  parameters: z.custom<z.ZodObject>(isObjectSchema, "is no z.object that JSON Schema can say"),
  readOnly: z.boolean(),
  idempotent: z.boolean(),
  timeoutMs: z.int().min(1).max(TIMEOUT_MS_MAX),
  sequential: z.boolean().optional(),
  callsMax: z.int().min(1).optional(),
  citable: z.boolean().optional(),
  execute: z.custom<Tool["execute"]>((value) => typeof value === "function", {
    error: "is missing; make tools with defineTool",
  }),
});

/**
 * The tools, when every one of them can be used. Throws AppError invalid_request that names each that
 * cannot, and why; `source` is where they came from.
 */
export function checkTools(value: unknown, source: string): readonly Tool[] {
  if (!Array.isArray(value)) throw refuse(source, ["it exports no list called `tools`"]);
  if (value.length > TOOLS_MAX) throw refuse(source, [`more than ${TOOLS_MAX} tools`]);
  const names = new Set<string>();
  const wrong = value.flatMap((tool: unknown, index) => findWrong(tool, index, names));
  if (wrong.length > 0) throw refuse(source, wrong);
  return value as readonly Tool[];
}

function findWrong(tool: unknown, index: number, names: Set<string>): readonly string[] {
  if (typeof tool !== "object" || tool === null) return [`tools[${index}] is no tool`];
  const name: unknown = "name" in tool ? tool.name : undefined;
  if (typeof name !== "string" || !NAME.test(name)) {
    return [`tools[${index}] has no name of 1 to 64 letters, digits, _ and -`];
  }
  if (BUILT_IN_TOOLS.has(name)) return [`${name}: every run has a tool of this name`];
  if (names.has(name)) return [`${name}: there are two of this name`];
  names.add(name);
  const parsed = Declared.safeParse(tool);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => `${name}: ${path.join(".")} ${message}`);
}

function isObjectSchema(value: unknown): boolean {
  if (!(value instanceof z.ZodObject)) return false;
  try {
    toArgumentsSchema(value);
    return true;
  } catch {
    return false; // a date, a function: nothing a model could write
  }
}

function refuse(source: string, wrong: readonly string[]): AppError {
  return new AppError("invalid_request", { detail: `${source}: ${wrong.join("; ")}` });
}
