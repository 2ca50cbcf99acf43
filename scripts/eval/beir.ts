/** Reads an evaluation set in BEIR form: corpus.jsonl, queries.jsonl, qrels.tsv, meta.json. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

const Metadata = z.looseObject({
  collection: z.string().optional(),
  lang: z.string().optional(),
  role: z.string().optional(),
});
const Document = z.looseObject({
  _id: z.string(),
  title: z.string().default(""),
  text: z.string(),
  metadata: Metadata.default({}),
});
const Query = z.looseObject({ _id: z.string(), text: z.string(), metadata: Metadata.default({}) });

export type EvalDocument = z.infer<typeof Document>;
export type EvalQuery = z.infer<typeof Query>;
/** Query id → document id → grade. */
export type Judgments = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface EvalSet {
  readonly name: string;
  readonly documents: readonly EvalDocument[];
  readonly queries: readonly EvalQuery[];
  readonly judgments: Judgments;
}

/** Reads the set in a folder. Planted wrong answers (`role` = `positive_wrong`) are left out. */
export async function readSet(folder: string): Promise<EvalSet> {
  const read = (file: string): Promise<string> => readFile(join(folder, file), "utf8");
  const [corpus, queries, qrels, meta] = await Promise.all([
    read("corpus.jsonl"),
    read("queries.jsonl"),
    read("qrels.tsv"),
    read("meta.json"),
  ]);
  const documents = parseLines(corpus, Document);
  return {
    name: z.object({ name: z.string() }).parse(JSON.parse(meta)).name,
    documents: documents.filter(({ metadata }) => metadata.role !== "positive_wrong"),
    queries: parseLines(queries, Query),
    judgments: parseJudgments(qrels),
  };
}

function parseLines<T>(text: string, schema: z.ZodType<T>): readonly T[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => schema.parse(JSON.parse(line)));
}

function parseJudgments(text: string): Judgments {
  const judgments = new Map<string, Map<string, number>>();
  for (const line of text.split("\n")) {
    const [query, document, grade] = line.trim().split("\t");
    if (query === undefined || document === undefined || query === "query-id") continue;
    const grades = judgments.get(query) ?? new Map<string, number>();
    grades.set(document, Number(grade));
    judgments.set(query, grades);
  }
  return judgments;
}
