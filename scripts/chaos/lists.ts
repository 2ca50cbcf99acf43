/** `/v1/embeddings` and `/rerank`: a row for each text, and the faults that lists of rows have. */
import * as z from "zod";
import { type AnswerContext, findFault } from "./answer-context.ts";
import { embedText } from "./embed.ts";
import type { Fault, FaultName } from "./fault.ts";
import { replyJson } from "./json-reply.ts";
import type { Reply } from "./reply.ts";

const Embeddings = z.object({
  model: z.string().default("chaos"),
  input: z.union([z.string().transform((text) => [text]), z.array(z.string())]),
  dimensions: z.int().min(1).max(65_536).nullish(),
  encoding_format: z.string().nullish(),
});
const Rerank = z.object({
  query: z.string(),
  documents: z.array(z.unknown()).optional(),
  texts: z.array(z.string()).optional(),
});

/** A row is JSON text, because NaN and 1e999 are no values of JSON. */
type Row = (index: number, position: number) => string;

/** Vectors of the texts. Throws ZodError for a request that is none. */
export function replyEmbeddings(given: unknown, context: AnswerContext): Reply {
  const { faults, settings } = context;
  const { input, model, encoding_format: format, dimensions: asked } = Embeddings.parse(given);
  const dimensions =
    findFault(faults, "dimension")?.value ?? asked ?? settings.embeddings.dimensions;
  const row: Row = (index, position) => {
    const vector = embedText(input[position] ?? "", dimensions);
    return `{"object":"embedding","embedding":${bendVector(vector, faults, format === "base64")}${toIndex(index)}}`;
  };
  const tokens = input.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
  const usage = JSON.stringify({ prompt_tokens: tokens, total_tokens: tokens });
  const data = toRows(input.length, row, faults).join(",");
  return replyJson(
    `{"object":"list","model":${JSON.stringify(model)},"data":[${data}],"usage":${usage}}`,
    context,
  );
}

/** Scores by the words a text shares with the query. Throws ZodError for a request that is none. */
export function replyRerank(given: unknown, context: AnswerContext): Reply {
  const { query, documents, texts } = Rerank.parse(given);
  const list = (texts ?? documents ?? []).map((one) =>
    typeof one === "string" ? one : JSON.stringify(one),
  );
  const asked = new Set(words(query));
  const field = texts === undefined ? "relevance_score" : "score";
  const row: Row = (index, position) => {
    const found = words(list[position] ?? "").filter((word) => asked.has(word)).length;
    const score = bendNumber(found / (asked.size + 1), context.faults);
    return `{"${field}":${score}${toIndex(index)}}`;
  };
  const rows = `[${toRows(list.length, row, context.faults).join(",")}]`;
  return replyJson(texts === undefined ? `{"id":"r","results":${rows}}` : rows, context);
}

function words(text: string): readonly string[] {
  return text.toLowerCase().match(/\p{L}{3,}/gu) ?? [];
}

type BendRows = (rows: readonly string[], row: Row) => readonly string[];

const BENT_ROWS: Readonly<Partial<Record<FaultName, BendRows>>> = {
  shuffled: (rows) => rows.toReversed(),
  missing: (rows) => rows.slice(0, -1),
  extra: (rows, row) => [...rows, row(rows.length, 0)],
  duplicate: (rows, row) =>
    rows.length < 2 ? [...rows, ...rows] : rows.map((_, at) => row(Math.max(0, at - 1), at)),
  "wrong-index": (rows, row) => rows.map((_, at) => row(at + 1, at)),
  "no-index": (rows, row) => rows.map((_, at) => row(Number.NaN, at)),
};

/** A row for each text, as the first fault among them bends the list. */
function toRows(count: number, row: Row, faults: readonly Fault[]): readonly string[] {
  const rows = Array.from({ length: count }, (_, at) => row(at, at));
  const bend = faults.map(({ name }) => BENT_ROWS[name]).find((found) => found !== undefined);
  return bend === undefined ? rows : bend(rows, row);
}

/** Nothing for an index that is no number. */
function toIndex(index: number): string {
  return Number.isNaN(index) ? "" : `,"index":${index}`;
}

function bendVector(
  vector: readonly number[],
  faults: readonly Fault[],
  asBase64: boolean,
): string {
  const fault = findFault(faults, "zeros", "strings", "base64", "nan", "infinity", "nulls")?.name;
  if (fault === "base64" || (fault === undefined && asBase64)) {
    return JSON.stringify(Buffer.from(Float32Array.from(vector).buffer).toString("base64"));
  }
  if (fault === "zeros") return JSON.stringify(vector.map(() => 0));
  if (fault === "strings") return JSON.stringify(vector.map(String));
  const [first = 0, ...rest] = vector;
  return `[${[bendNumber(first, faults), ...rest].join(",")}]`;
}

const BENT_NUMBERS: Readonly<Partial<Record<FaultName, string>>> = {
  nan: "NaN",
  infinity: "1e999",
  nulls: "null",
};

function bendNumber(value: number, faults: readonly Fault[]): string {
  const bent = faults.map(({ name }) => BENT_NUMBERS[name]).find((found) => found !== undefined);
  return bent ?? String(value);
}
