/** Regular expressions of callers, matched without backtracking: no pattern and no text can make it take long. */
import { parsePattern, type Node } from "./parse-pattern.ts";

export interface Pattern {
  /**
   * Whether the pattern is found anywhere in the text. A text that is far too long for its pattern holds it nowhere.
   * `tell` gets to know how many states were looked at for it.
   */
  test(text: string, tell?: (steps: number) => void): boolean;
}

type Instruction =
  | { readonly do: "take"; readonly isTaken: (character: string) => boolean }
  | { readonly do: "assert"; readonly place: "start" | "end" | "word" | "no-word" }
  | { readonly do: "look"; readonly program: Program; readonly isNegated: boolean }
  | { readonly do: "split"; readonly to: readonly number[] }
  | { readonly do: "match" };
type Program = readonly Instruction[];

const INSTRUCTIONS_MAX = 1_000;
const STEPS_MAX = 200_000;
const WORD = /^\w$/;

/** Compiles an ECMAScript pattern (flag `u`), or says why it cannot be taken. */
export function compilePattern(source: string): Pattern | string {
  const node = parsePattern(source);
  if (typeof node === "string") return node;
  const program: Instruction[] = [];
  if (!emit(node, program)) return "counts too far; shorten its repetitions";
  program.push({ do: "match" });
  return {
    test(text, tell) {
      const reading = { characters: Array.from(text), steps: 0 };
      const isFound = holdsAnywhere(program, reading);
      tell?.(reading.steps);
      return isFound;
    },
  };
}

function holdsAnywhere(program: Program, reading: Reading): boolean {
  for (let at = 0; at <= reading.characters.length; at += 1) {
    if (matches(program, at, reading)) return true;
    if (reading.steps > STEPS_MAX) return false;
  }
  return false;
}

/** Appends the instructions of a node; false when they become too many. */
function emit(node: Node, program: Instruction[]): boolean {
  if (program.length > INSTRUCTIONS_MAX) return false;
  switch (node.kind) {
    case "take":
      program.push({ do: "take", isTaken: toTest(node.source) });
      return true;
    case "assert":
      program.push({ do: "assert", place: node.place });
      return true;
    case "look": {
      const inner: Instruction[] = [];
      if (!emit(node.node, inner)) return false;
      inner.push({ do: "match" });
      program.push({ do: "look", program: inner, isNegated: node.isNegated });
      return true;
    }
    case "sequence":
      return node.parts.every((part) => emit(part, program));
    case "choice":
      return emitChoice(node.options, program);
    case "repeat":
      return emitRepeat(node, program);
    default:
      return node satisfies never;
  }
}

function emitChoice(options: readonly Node[], program: Instruction[]): boolean {
  const starts: number[] = [];
  const ends: number[] = [];
  const split = program.length;
  program.push({ do: "split", to: starts });
  for (const option of options) {
    starts.push(program.length);
    if (!emit(option, program)) return false;
    ends.push(program.length);
    program.push({ do: "split", to: [] });
  }
  for (const end of ends) program[end] = { do: "split", to: [program.length] };
  program[split] = { do: "split", to: starts };
  return true;
}

function emitRepeat(
  { node, min, max }: Extract<Node, { kind: "repeat" }>,
  program: Instruction[],
): boolean {
  for (let time = 0; time < min; time += 1) {
    const before = program.length;
    if (!emit(node, program)) return false;
    if (program.length === before) break; // nothing, however often
  }
  if (max === Number.POSITIVE_INFINITY) {
    const split = program.length;
    program.push({ do: "match" });
    if (!emit(node, program)) return false;
    program.push({ do: "split", to: [split] });
    program[split] = { do: "split", to: [split + 1, program.length] };
    return true;
  }
  const splits: number[] = [];
  for (let time = min; time < max; time += 1) {
    splits.push(program.length);
    program.push({ do: "match" });
    if (!emit(node, program)) return false;
  }
  for (const split of splits) program[split] = { do: "split", to: [split + 1, program.length] };
  return true;
}

interface Reading {
  readonly characters: readonly string[];
  /** States looked at so far. */
  steps: number;
}

/**
 * Thompson: Regular expression search algorithm (1968): all states at once, each at most once for a place
 * in the text. Nothing is captured, so what a state comes to does not depend on the way to it.
 */
function matches(program: Program, from: number, reading: Reading): boolean {
  const { characters } = reading;
  let states = new Set<number>([0]);
  for (let at = from; states.size > 0; at += 1) {
    const next = new Set<number>();
    // A set is walked through with what is added to it on the way.
    for (const state of states) {
      reading.steps += 1;
      if (reading.steps > STEPS_MAX) return false;
      const instruction = program[state];
      if (instruction === undefined || instruction.do === "match") return true;
      if (instruction.do === "split") for (const to of instruction.to) states.add(to);
      else if (instruction.do === "take") {
        const character = characters[at];
        if (character !== undefined && instruction.isTaken(character)) next.add(state + 1);
      } else if (holds(instruction, at, reading)) states.add(state + 1);
    }
    states = next;
  }
  return false;
}

function holds(
  instruction: Extract<Instruction, { do: "assert" | "look" }>,
  at: number,
  reading: Reading,
): boolean {
  if (instruction.do === "look") {
    return matches(instruction.program, at, reading) !== instruction.isNegated;
  }
  const { characters } = reading;
  if (instruction.place === "start") return at === 0;
  if (instruction.place === "end") return at === characters.length;
  const isBoundary = WORD.test(characters[at - 1] ?? "") !== WORD.test(characters[at] ?? "");
  return isBoundary === (instruction.place === "word");
}

/** One character or class, by the runtime's own reading of it. */
function toTest(source: string): (character: string) => boolean {
  let one: RegExp | undefined;
  return (character) => (one ??= new RegExp(`^(?:${source})$`, "u")).test(character);
}

/** Whether a text matches a pattern that `compilePattern` takes; `tell` as that of `Pattern`. */
export type Matcher = (source: string, text: string, tell: (steps: number) => void) => boolean;

/** Each pattern is compiled once, and asked once for each text: a value is checked many times while it grows. */
export function createMatcher(): Matcher {
  const patterns = new Map<string, Pattern | string>();
  const results = new Map<string, boolean>();
  return (source, text, tell) => {
    const key = `${source}\n${text}`;
    const known = results.get(key);
    if (known !== undefined) return known;
    const pattern = patterns.get(source) ?? compilePattern(source);
    patterns.set(source, pattern);
    const result = typeof pattern === "string" || pattern.test(text, tell);
    results.set(key, result);
    return result;
  };
}
