/** Faults as people write them: `latency=100, status=503`. */
import { AppError } from "../../src/errors.ts";
import { type Fault, type FaultKind, type FaultName, FAULTS, type Takes } from "./fault.ts";
import { SHAPE_NAMES } from "./stream-shapes.ts";

/** What one request gets; `none` and nothing at all are no faults. Throws AppError invalid_request that says what is wrong. */
export function parseFaults(text: string): readonly Fault[] {
  const parts = text.split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "" && part !== "none").map(parseFault);
}

function parseFault(text: string): Fault {
  const [name = "", given] = text.split("=", 2).map((part) => part.trim());
  if (!isFaultName(name)) {
    throw refuse(`there is no fault ${name}; there are: ${Object.keys(FAULTS).join(", ")}`);
  }
  const { takes, preset = 0 }: FaultKind = FAULTS[name];
  const fault =
    given === undefined
      ? { name, text, value: preset, high: preset, word: "" }
      : { name, text, ...parseValue(given) };
  const { right, says } = TAKES[takes];
  if (!right(fault)) throw refuse(`the fault ${name} takes ${says}`);
  return fault;
}

/** `50`, `50-200`, `2:server_error` or a word. */
function parseValue(text: string): Omit<Fault, "name" | "text"> {
  const [, low, high, word] = /^(?:(\d+)(?:-(\d+))?(?::|$))?([\w-]*)$/.exec(text) ?? [];
  const value = Number(low ?? Number.NaN);
  return { value, high: Number(high ?? value), word: word ?? "" };
}

const NUMBER_MAX = 86_400_000;
const isNumber = ({ value, high }: Fault): boolean =>
  Number.isInteger(value) && high >= value && high <= NUMBER_MAX;
const isOne = (fault: Fault): boolean => isNumber(fault) && fault.value === fault.high;

interface Check {
  readonly right: (fault: Fault) => boolean;
  /** Behind "takes". */
  readonly says: string;
}

const TAKES: Readonly<Record<Takes, Check>> = {
  nothing: { right: ({ value, word }) => value === 0 && word === "", says: "no value" },
  ms: { right: (f) => isNumber(f) && f.word === "", says: "milliseconds: 250 or 50-200" },
  count: { right: (f) => isOne(f) && f.word === "", says: "a whole number" },
  status: {
    right: (f) => isOne(f) && f.value >= 300 && f.value <= 599 && f.word === "",
    says: "a status: 300 to 599",
  },
  shape: {
    right: ({ word }) => SHAPE_NAMES.has(word),
    says: `one of ${[...SHAPE_NAMES].join(", ")}`,
  },
  "count:word": { right: isOne, says: "a number and, if you like, a code: 2:server_error" },
};

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}

function refuse(detail: string): AppError {
  return new AppError("invalid_request", { detail });
}
