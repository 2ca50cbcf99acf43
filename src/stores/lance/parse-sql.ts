/** Reads a condition in SQL into a tree of the few forms that a filter has. What has another form is refused. */
import type { Scalar } from "../../domain/filter.ts";
import { refuseSql, type Token, toTokens } from "./sql-tokens.ts";

export type SqlOperator = "eq" | "ne" | "lt" | "lte" | "gt" | "gte";

/** A value as it is written: of a number also its text, which may be more exact. */
export interface SqlValue {
  readonly value: Scalar;
  readonly text: string;
}

/** With SQL's three answers: a column that is NULL makes a comparison neither true nor false. */
export type SqlCondition =
  | { readonly and: readonly SqlCondition[] }
  | { readonly or: readonly SqlCondition[] }
  | { readonly not: SqlCondition }
  /** `coalesce(condition, false)`: never neither. */
  | { readonly known: SqlCondition }
  | { readonly column: string; readonly op: SqlOperator; readonly value: SqlValue }
  | { readonly column: string; readonly op: "in"; readonly values: readonly SqlValue[] }
  | { readonly column: string; readonly op: "has"; readonly value: SqlValue }
  | { readonly column: string; readonly op: "null" };

const DEPTH_MAX = 64;
const VALUES_MAX = 10_000;
const OPERATORS: Readonly<Record<string, SqlOperator>> = {
  "=": "eq",
  "<>": "ne",
  "!=": "ne",
  "<": "lt",
  "<=": "lte",
  ">": "gt",
  ">=": "gte",
};
const KEYWORDS = new Set(
  "and or not in is null true false cast as double coalesce array_has".split(" "),
);

/** Throws AppError invalid_filter that says where it is not understood. */
export function parseSql(text: string): SqlCondition {
  const reader = createReader(text);
  const condition = readEither(reader, 1);
  if (reader.peek() !== undefined) throw reader.refuse("goes on after its end");
  return condition;
}

interface Reader {
  peek(): Token | undefined;
  next(): Token | undefined;
  /** Takes the sign or the keyword, if it is the next. */
  take(text: string): boolean;
  /** Throws where it is not the next. */
  expect(...texts: readonly string[]): void;
  refuse(why: string): Error;
}

function createReader(text: string): Reader {
  const tokens = toTokens(text);
  let index = 0;
  const isNext = (wanted: string): boolean => {
    const token = tokens[index];
    if (token === undefined || (token.kind !== "word" && token.kind !== "sign")) return false;
    return token.text.toLowerCase() === wanted;
  };
  const refuse = (why: string): Error => refuseSql(why, tokens[index]?.at ?? text.length);
  const take = (wanted: string): boolean => {
    const isThere = isNext(wanted);
    if (isThere) index += 1;
    return isThere;
  };
  return {
    peek: () => tokens[index],
    next: () => tokens[index++],
    take,
    expect(...wanted) {
      for (const one of wanted) if (!take(one)) throw refuse(`lacks ${one}`);
    },
    refuse,
  };
}

function readEither(reader: Reader, depth: number): SqlCondition {
  if (depth > DEPTH_MAX) throw reader.refuse(`is more than ${DEPTH_MAX} levels deep`);
  const or = [readAll(reader, depth)];
  while (reader.take("or")) or.push(readAll(reader, depth));
  return or.length === 1 ? (or[0] as SqlCondition) : { or };
}

function readAll(reader: Reader, depth: number): SqlCondition {
  const and = [readNegation(reader, depth)];
  while (reader.take("and")) and.push(readNegation(reader, depth));
  return and.length === 1 ? (and[0] as SqlCondition) : { and };
}

function readNegation(reader: Reader, depth: number): SqlCondition {
  let isTurned = false;
  while (reader.take("not")) isTurned = !isTurned;
  const condition = readOne(reader, depth);
  return isTurned ? { not: condition } : condition;
}

function readOne(reader: Reader, depth: number): SqlCondition {
  if (reader.take("(")) {
    const inner = readEither(reader, depth + 1);
    reader.expect(")");
    return inner;
  }
  if (reader.take("coalesce")) {
    reader.expect("(");
    const known = readEither(reader, depth + 1);
    reader.expect(",", "false", ")");
    return { known };
  }
  if (reader.take("array_has")) {
    reader.expect("(");
    const column = readColumn(reader);
    reader.expect(",");
    const value = readValue(reader);
    reader.expect(")");
    return { column, op: "has", value };
  }
  return readComparison(reader);
}

function readComparison(reader: Reader): SqlCondition {
  const column = readColumn(reader);
  if (reader.take("is")) {
    const isTurned = reader.take("not");
    reader.expect("null");
    return isTurned ? { not: { column, op: "null" } } : { column, op: "null" };
  }
  if (reader.take("not")) {
    reader.expect("in");
    return { not: readMembership(reader, column) };
  }
  if (reader.take("in")) return readMembership(reader, column);
  const token = reader.peek();
  const op = token?.kind === "sign" ? OPERATORS[token.text] : undefined;
  if (op === undefined) throw reader.refuse("lacks a comparison");
  reader.next();
  return { column, op, value: readValue(reader) };
}

function readMembership(reader: Reader, column: string): SqlCondition {
  reader.expect("(");
  const values = [readValue(reader)];
  while (reader.take(",")) {
    values.push(readValue(reader));
    if (values.length > VALUES_MAX) throw reader.refuse(`has more than ${VALUES_MAX} values`);
  }
  reader.expect(")");
  return { column, op: "in", values };
}

function readColumn(reader: Reader): string {
  const token = reader.peek();
  const isName = token?.kind === "word" && !KEYWORDS.has(token.text.toLowerCase());
  if (token === undefined || (token.kind !== "name" && !isName)) {
    throw reader.refuse("lacks the name of a column");
  }
  reader.next();
  return token.text;
}

function readValue(reader: Reader): SqlValue {
  if (reader.take("true")) return { value: true, text: "true" };
  if (reader.take("false")) return { value: false, text: "false" };
  if (reader.take("cast")) {
    reader.expect("(");
    const token = reader.next();
    const isNumber = token?.kind === "string" && /^[-+\d.eE]{1,40}$/.test(token.text);
    if (!isNumber || !Number.isFinite(Number(token.text))) throw reader.refuse("lacks a number");
    reader.expect("as", "double", ")");
    return { value: Number(token.text), text: token.text };
  }
  const token = reader.peek();
  if (token?.kind !== "string" && token?.kind !== "number") throw reader.refuse("lacks a value");
  reader.next();
  const { kind, text } = token;
  return { value: kind === "string" ? text : Number(text), text };
}
