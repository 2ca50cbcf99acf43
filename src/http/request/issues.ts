/** What a schema found wrong, as paths and sentences of our own. */
import * as z from "zod";
import { AppError, type ErrorCode, type Issue } from "../../errors.ts";

const FILTER_FORMS =
  'is not a condition; use {"field": "metadata.year", "op": "gte", "value": 2020} (op: eq, ne, lt, lte, gt, gte, in, has, exists), {"and": […]}, {"or": […]} or {"not": {…}}';

const UNKNOWN = "is not a known field";

type Found = z.core.$ZodIssue;

/** More is no help: a body can hold hundreds of thousands of wrong fields. */
const ISSUES_MAX = 20;

/** Lists of more names are for the documentation. */
const FIELDS_MAX = 20;

/** How every schema of a request parses: issues know what was given, and an unknown field those that there are. */
export const PARSING: z.core.ParseContext<Found> = {
  reportInput: true,
  error: ({ code, inst }) => {
    const fields = inst instanceof z.ZodObject ? Object.keys(inst.shape) : [];
    if (code !== "unrecognized_keys" || fields.length > FIELDS_MAX) return undefined;
    return `${UNKNOWN}; there are: ${fields.join(", ")}`;
  },
};

/** One line for each wrong place, outermost first; at most twenty. */
export function toIssues(error: z.ZodError): readonly Issue[] {
  return error.issues.flatMap((issue) => describe(issue, [])).slice(0, ISSUES_MAX);
}

/** All of them in one line. */
export function toDetail(issues: readonly Issue[]): string {
  return issues
    .map(({ path, message }) => `${path === "" ? "the body" : path} ${message}`)
    .join("; ");
}

/** What a request is refused with for one thing of it: where that is, and what about it. */
export function refuse(
  path: string,
  message: string,
  code: ErrorCode = "invalid_request",
): AppError {
  return new AppError(code, { detail: `${path} ${message}`, issues: [{ path, message }] });
}

/** What a caller sent, as its schema makes it. Throws AppError invalid_request with the places that are wrong. */
export function parseInput<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given, PARSING);
  if (parsed.success) return parsed.data;
  const issues = toIssues(parsed.error);
  throw new AppError("invalid_request", { detail: toDetail(issues), issues });
}

function describe(issue: Found, above: readonly PropertyKey[]): readonly Issue[] {
  const path = [...above, ...issue.path];
  const at = (message: string): readonly Issue[] => [{ path: toPath(path), message }];
  switch (issue.code) {
    case "invalid_type":
      return at(`must be ${withArticle(issue.expected)}, is ${nameType(issue.input)}`);
    case "unrecognized_keys":
      return issue.keys.slice(0, ISSUES_MAX).map((key, at) => ({
        path: toPath([...path, key]),
        message: at === 0 && issue.message.startsWith(UNKNOWN) ? issue.message : UNKNOWN,
      }));
    case "invalid_value":
      return at(`must be one of ${issue.values.map(String).join(", ")}`);
    case "too_small":
      return at(`must ${measure(issue.origin, "least", issue.minimum)}`);
    case "too_big":
      return at(`must ${measure(issue.origin, "most", issue.maximum)}`);
    case "invalid_union":
      return describeUnion(issue, path);
    case "invalid_format":
    case "custom":
      return at(issue.message);
    case "invalid_element":
    case "invalid_key":
    case "not_multiple_of":
      return at("is not valid");
    default:
      return issue satisfies never;
  }
}

/** Of a union's branches the one that fits but for a single fault explains it; otherwise all forms are told. */
function describeUnion(
  issue: Extract<Found, { code: "invalid_union" }>,
  path: readonly PropertyKey[],
): readonly Issue[] {
  const near = issue.errors.filter((faults) => faults.length === 1);
  const [only] = near.flat();
  // An operator that is none fits the form of comparisons best, which are not all the operators there are.
  const isOperator = path[0] === "filter" && only?.path.at(-1) === "op";
  if (near.length === 1 && only !== undefined && !isOperator) return describe(only, path);
  const message =
    path[0] === "filter" && !path.includes("value")
      ? FILTER_FORMS
      : "is of none of the allowed types";
  return [{ path: toPath(path), message }];
}

function measure(origin: string, side: "least" | "most", limit: number | bigint): string {
  if (origin === "string") return `have at ${side} ${limit} characters`;
  if (origin === "array") return `have at ${side} ${limit} ${limit === 1 ? "entry" : "entries"}`;
  return `be at ${side} ${limit}`;
}

function withArticle(type: string): string {
  if (type === "int") return "a whole number";
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function nameType(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number" && !Number.isInteger(value)) return "not a whole number";
  return withArticle(typeof value);
}

/** `["retrieval", "require", 0]` → `retrieval.require[0]`. */
function toPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number"
        ? `${text}[${part}]`
        : `${text}${text === "" ? "" : "."}${String(part).slice(0, 60)}`,
    "",
  );
}
