/** The text of a condition in SQL, cut into tokens: the few there are in the conditions that can be understood. */
import { AppError } from "../../errors.ts";

export interface Token {
  /** `word`: a bare name or keyword; `name`: one in back quotes; `sign`: an operator, parenthesis or comma. */
  readonly kind: "word" | "name" | "string" | "number" | "sign";
  /** Of a string and a name: what is between the quotes, with doubled ones as one. */
  readonly text: string;
  /** Where it begins, from 0. */
  readonly at: number;
}

const TOKENS_MAX = 20_000;
const PATTERN =
  /\s*(?:(?<word>[A-Za-z_][A-Za-z0-9_]*)|`(?<name>[^`]*)`|'(?<string>(?:[^']|'')*)'|(?<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)|(?<sign><=|>=|<>|!=|[=<>(),]))/uy;

/** Every token in order. Throws AppError invalid_filter that says where it stops being understood. */
export function toTokens(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < end) {
    const from = PATTERN.lastIndex;
    const groups = PATTERN.exec(text)?.groups;
    if (groups === undefined) throw refuseSql("is not understood", from);
    tokens.push(toToken(groups, from));
    if (tokens.length > TOKENS_MAX) throw refuseSql("is longer than any filter", from);
  }
  return tokens;
}

function toToken(groups: Readonly<Record<string, string | undefined>>, at: number): Token {
  const { word, name, string, number, sign } = groups;
  if (word !== undefined) return { kind: "word", text: word, at };
  if (name !== undefined) return { kind: "name", text: name, at };
  if (string !== undefined) return { kind: "string", text: string.replaceAll("''", "'"), at };
  if (number !== undefined) return { kind: "number", text: number, at };
  return { kind: "sign", text: sign ?? "", at };
}

/** The refusal of a condition; nothing of its text is repeated. */
export function refuseSql(why: string, at: number): AppError {
  return new AppError("invalid_filter", {
    detail: `the filter ${why}, at character ${at + 1}; it may compare columns with =, <>, <, <=, >, >=, IN, IS NULL and array_has, joined by AND, OR and NOT`,
  });
}
