/** JSON: an array of records becomes one document each, anything else one pretty-printed document. */
import { parseHead } from "../export/export-format.ts";
import { isRawNumber, parseExactJson, withoutRaw } from "./exact-json.ts";
import { stripHidden } from "./hidden-text.ts";
import { type LoadEvent, toDocumentEvent, toProblem } from "./load-event.ts";
import { type RawRecord, toRecordEvents } from "./records.ts";
import { createTextLoader } from "./text-loader.ts";
import { toFileTitle } from "./titles.ts";

export const loadJson = createTextLoader((text, file, limits): Iterable<LoadEvent> => {
  if (isTooDeep(text, limits.jsonDepthMax)) {
    const advice = `is nested more than ${limits.jsonDepthMax} levels deep; flatten it`;
    return [toProblem(file.id, "too-deep", advice)];
  }
  const parsed = parseJson(text);
  if ("problem" in parsed) return [toProblem(file.id, "damaged", parsed.problem)];
  const { value } = parsed;
  if (Array.isArray(value) && value.some(isRecord)) {
    return toRecordEvents(value.map(toRawRecord), file, limits);
  }
  const title = toFileTitle(file.id);
  const pretty = stripHidden(JSON.stringify(value, null, 2));
  return [toDocumentEvent(file, { title, text: pretty, sections: [], kind: "code" })];
});

/** JSONL: each line a record. A bad line is reported with its number and the rest goes on. */
export const loadJsonl = createTextLoader((text, file, limits) => {
  // Its vectors are no text, and its chunks are cut already.
  if (parseHead(text.slice(0, text.indexOf("\n"))) !== undefined) {
    const advice = "is an exported collection; bring it in with: pnpm ingest import FILE";
    return [toProblem(file.id, "unsupported", advice)];
  }
  return toRecordEvents(readLines(text, limits.jsonDepthMax), file, limits);
});

function* readLines(text: string, depthMax: number): Generator<RawRecord> {
  let number = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end).trim();
    start = end + 1;
    number += 1;
    if (line !== "") yield toLineRecord(line, number, depthMax);
  }
}

function toLineRecord(line: string, number: number, depthMax: number): RawRecord {
  const where = `line ${number}`;
  if (isTooDeep(line, depthMax)) {
    return { where, problem: `is nested more than ${depthMax} levels deep; flatten it` };
  }
  const parsed = parseJson(line);
  if ("problem" in parsed) {
    return { where, problem: "is not valid JSON; correct or remove it" };
  }
  const record = toRawRecord(parsed.value, number - 1);
  return { ...record, where };
}

function toRawRecord(value: unknown, index: number): RawRecord {
  const [number, where] = [index + 1, `item ${index + 1}`];
  if (isRecord(value)) return { where, number, fields: Object.entries(value).map(toField) };
  if (typeof value === "string") return { where, number, fields: [["text", value]] };
  return { where, problem: "is not an object with named fields; make it one" };
}

/** The values of `metadata` are fields as well. */
function toField([name, value]: readonly [string, unknown]): readonly [string, unknown] {
  if (name.trim().toLowerCase() !== "metadata" || !isRecord(value))
    return [name, withoutRaw(value)];
  return [name, Object.fromEntries(Object.entries(value).map(toField))];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && !isRawNumber(value);
}

function parseJson(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parseExactJson(text) };
  } catch (thrown) {
    const position = /position (\d+)/.exec(thrown instanceof Error ? thrown.message : "")?.[1];
    const at = position === undefined ? text.length : Number(position);
    const line = text.slice(0, at).split("\n").length;
    return { problem: `is not valid JSON (see line ${line}); correct it there` };
  }
}

/** Counts brackets outside of strings before anything is parsed. */
function isTooDeep(text: string, depthMax: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > depthMax) return true;
  }
  return false;
}
