/** The pointer of a collection: which of its generations readers are shown, and which one is kept for going back. */
import * as z from "zod";
import { AppError } from "../../errors.ts";
import { parseCheckedLine, readFormat, toCheckedLine } from "./checked-line.ts";
import { readText, replaceFile } from "./files.ts";

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

/** Looks at a pointer without judging. Throws AppError store_unavailable for a file that may not be read. */
export async function inspectPointer(
  path: string,
): Promise<Pointer | "absent" | "damaged" | "newer"> {
  const text = await readText(path);
  if (text === undefined) return "absent";
  const read = text.endsWith("\n") ? parseCheckedLine(text.slice(0, -1)) : "broken";
  if (read === "broken") return "damaged";
  if (readFormat(read.value) > FORMAT) return "newer";
  const parsed = Stored.safeParse(read.value);
  return parsed.success ? parsed.data : "damaged";
}

/**
 * Reads the pointer. Throws AppError: collection_unavailable for one that is damaged or from a newer program,
 * store_unavailable for one that may not be read.
 */
export async function readPointer(path: string, collection: string): Promise<Pointer> {
  const found = await inspectPointer(path);
  if (found === "absent") return FIRST;
  if (typeof found === "object") return found;
  const why =
    found === "newer"
      ? "was written by a newer version of the program; nothing was changed"
      : "is damaged; mend it with: pnpm ingest doctor --fix";
  throw new AppError("collection_unavailable", {
    detail: `the pointer file of collection ${collection} ${why}`,
  });
}

/** Points readers to another generation in one step, on disk when it returns. */
export async function writePointer(path: string, pointer: Pointer): Promise<void> {
  await replaceFile(path, toCheckedLine({ format: FORMAT, ...pointer }));
}
