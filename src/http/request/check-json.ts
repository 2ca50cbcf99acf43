/** Where a text stops being JSON, in our own words, and how deep it nests. */

export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const STRING = /"(?:[ !#-[\]-\u{10FFFF}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const BLANK = /[ \t\n\r]*/y;

type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or end";

const WORDS: Readonly<Record<Expected, string>> = {
  value: "a value",
  "value or ]": 'a value or "]"',
  key: "a key in double quotes",
  "key or }": 'a key in double quotes or "}"',
  colon: 'a ":"',
  "comma or end": 'a "," or the end of the list or object',
};

interface Cursor {
  readonly text: string;
  at: number;
  expected: Expected;
  /** The ends of the lists and objects around the cursor, outermost first. */
  readonly open: string[];
}

/** The first fault, or undefined when the text is one JSON value of at most `depthMax` levels. Works without recursion. */
export function checkJson(text: string, depthMax: number): JsonFault | undefined {
  const cursor: Cursor = { text, at: 0, expected: "value", open: [] };
  for (;;) {
    take(cursor, BLANK);
    if (cursor.expected === "comma or end" && cursor.open.length === 0) {
      if (cursor.at === text.length) return undefined;
      return locate(cursor, "nothing may follow the value");
    }
    const expected = STEPS[cursor.expected](cursor, text[cursor.at]);
    if (expected === undefined) {
      const found = cursor.at === text.length ? "the text ends here" : "something else is here";
      return locate(cursor, `expected ${WORDS[cursor.expected]}, but ${found}`);
    }
    if (cursor.open.length > depthMax)
      return locate(cursor, `nested deeper than ${depthMax} levels`);
    cursor.expected = expected;
  }
}

/** Takes one token; what may follow it, or undefined when it does not fit. */
type Step = (cursor: Cursor, character: string | undefined) => Expected | undefined;

const STEPS: Readonly<Record<Expected, Step>> = {
  value: takeValue,
  "value or ]": (cursor, character) =>
    character === "]" ? close(cursor) : takeValue(cursor, character),
  key: takeKey,
  "key or }": (cursor, character) => (character === "}" ? close(cursor) : takeKey(cursor)),
  colon: (cursor, character) => (character === ":" ? skip(cursor, "value") : undefined),
  "comma or end"(cursor, character) {
    const end = cursor.open.at(-1);
    if (character === ",") return skip(cursor, end === "}" ? "key" : "value");
    return character === end ? close(cursor) : undefined;
  },
};

function takeValue(cursor: Cursor, character: string | undefined): Expected | undefined {
  if (character === "{") {
    cursor.open.push("}");
    return skip(cursor, "key or }");
  }
  if (character === "[") {
    cursor.open.push("]");
    return skip(cursor, "value or ]");
  }
  return take(cursor, STRING) || take(cursor, SCALAR) ? "comma or end" : undefined;
}

function takeKey(cursor: Cursor): Expected | undefined {
  return take(cursor, STRING) ? "colon" : undefined;
}

function close(cursor: Cursor): Expected {
  cursor.open.pop();
  return skip(cursor, "comma or end");
}

function skip(cursor: Cursor, next: Expected): Expected {
  cursor.at += 1;
  return next;
}

function take(cursor: Cursor, pattern: RegExp): boolean {
  pattern.lastIndex = cursor.at;
  const length = pattern.exec(cursor.text)?.[0].length ?? 0;
  cursor.at += length;
  return length > 0;
}

function locate({ text, at }: Cursor, message: string): JsonFault {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message };
}
