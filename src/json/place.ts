/** Where a check of a value is, what its parts share, and what it finds. */
import { toPointer } from "./pointer.ts";
import type { Schema } from "./schema.ts";

/** One wrong place: a JSON Pointer into the value, and a sentence. */
export interface Fault {
  readonly pointer: string;
  readonly message: string;
}

export interface Place {
  readonly path: readonly string[];
  /** The way from here to what is not complete yet; undefined: all of this is complete. */
  readonly open: readonly string[] | undefined;
}

/** Checks a value under another schema. */
export type Descend = (schema: Schema, value: unknown, place: Place) => readonly Fault[];

export function fault({ path }: Place, message: string): Fault {
  return { pointer: toPointer(path), message };
}

/** The place under a key. */
export function within({ path, open }: Place, key: string): Place {
  const [next, ...rest] = open ?? [];
  return { path: [...path, key], open: open !== undefined && next === key ? rest : undefined };
}
