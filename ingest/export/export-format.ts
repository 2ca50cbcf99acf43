/** The file of an exported collection: JSON lines. What it is built with, a document a line, and a last line that proves it whole. */
import * as z from "zod";
import type { CollectionInfo, CollectionSpec } from "../../src/domain/collection.ts";
import { PushSpec } from "../../src/stores/push-format.ts";
import { parseJson } from "../../src/text/parse-json.ts";

/** Raise it when older programs could not read the file. */
const FORMAT = 1;

const Count = z.int().nonnegative();

const Head = z.object({
  tributary: z.literal("collection"),
  format: z.int().positive(),
  spec: PushSpec,
  documents: Count,
  chunks: Count,
});
export type ExportHead = z.infer<typeof Head>;

/** `sha256`: of all lines before, each with its line break. */
const End = z.object({
  tributary: z.literal("end"),
  documents: Count,
  chunks: Count,
  sha256: z.string(),
});
export type ExportEnd = z.infer<typeof End>;

/** The first line. */
export function toHeadLine({ documents, chunks, ...info }: CollectionInfo): string {
  const { name, embedder, dimensions, chunker, language, tokenizer, metadata } = info;
  const spec = { name, embedder, dimensions, chunker, language, tokenizer, metadata };
  const head: ExportHead = { tributary: "collection", format: FORMAT, spec, documents, chunks };
  return JSON.stringify(head);
}

/** The last line. */
export function toEndLine(end: Omit<ExportEnd, "tributary">): string {
  return JSON.stringify({ tributary: "end", ...end } satisfies ExportEnd);
}

/** What a first line says; undefined: this is no export. A later format's head may say no more than its number. */
export function parseHead(line: string): ExportHead | "newer" | undefined {
  const value = parseJson(line);
  const parsed = Head.safeParse(value);
  if (parsed.success && parsed.data.format === FORMAT) return parsed.data;
  const newer = Head.pick({ tributary: true, format: true }).safeParse(value);
  return newer.success && newer.data.format > FORMAT ? "newer" : undefined;
}

/** What the last line says; undefined: the file was cut. */
export function parseEnd(line: string): ExportEnd | undefined {
  return End.safeParse(parseJson(line)).data;
}

/** What a collection was built with, under another name. */
export function toSpec({ spec }: ExportHead, name: string): CollectionSpec {
  return { ...spec, name };
}
