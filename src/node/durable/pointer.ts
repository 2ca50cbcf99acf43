/** The pointer of a collection: which of its generations readers are shown, and which one is kept for going back. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { AppError } from "../../errors.ts";
import { parseCheckedLine, readFormat, toCheckedLine } from "./checked-line.ts";
import { isCode, replaceFile } from "./files.ts";

const FORMAT = 1;
const Stored = z.object({
  format: z.literal(FORMAT),
  /** A number each, from 1. */
  current: z.int().positive(),
  previous: z.object({ generation: z.int().positive(), keptUntilMs: z.number() }).optional(),
});

export interface Pointer {
  readonly current: number;
  readonly previous?: { readonly generation: number; readonly keptUntilMs: number } | undefined;
}

/** What a collection without a pointer has: one generation. */
const FIRST: Pointer = { current: 1 };

/** Reads the pointer. Throws AppError collection_unavailable for one that is damaged or from a newer program. */
export async function readPointer(path: string, collection: string): Promise<Pointer> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (isCode(thrown, "ENOENT")) return FIRST;
    throw unusable(collection, "cannot be read; check its permissions", thrown);
  }
  const read = parseCheckedLine(text.trimEnd());
  const value = read === "broken" ? undefined : read.value;
  const parsed = Stored.safeParse(value);
  if (parsed.success) return parsed.data;
  if (readFormat(value) > FORMAT) {
    throw unusable(collection, "was written by a newer version of the program", undefined);
  }
  throw unusable(collection, "is damaged; mend it with: pnpm ingest doctor --fix", undefined);
}

/** Points readers to another generation in one step, on disk when it returns. */
export async function writePointer(path: string, pointer: Pointer): Promise<void> {
  await replaceFile(path, toCheckedLine({ format: FORMAT, ...pointer }));
}

function unusable(collection: string, why: string, cause: unknown): AppError {
  const detail = `the pointer file of collection ${collection} ${why}`;
  return new AppError("collection_unavailable", { detail, cause });
}
