/** What an examination of a store works with and what it finds. */
import type { Table } from "@lancedb/lancedb";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { type Journal, NO_JOURNAL } from "../durable/journal.ts";
import { type LanceBase, openTable } from "./base.ts";
import type { Place } from "./place.ts";
import { countOf } from "../../text/count-of.ts";
import { readSpec } from "./schema.ts";
import { toStoreError } from "./store-error.ts";
import { loadTerms } from "./term-store.ts";
import { verifyTable, type Verified } from "./verify.ts";

/** One thing that was found; `note` is worth knowing and no damage; `unexamined`: somebody is writing it. */
export interface Finding {
  readonly collection: string;
  readonly state: "damaged" | "mended" | "note" | "unexamined";
  readonly what: string;
}

export function countDamaged(findings: readonly Finding[]): number {
  return findings.filter(({ state }) => state === "damaged").length;
}

/** What collections would be asked with and built with now. */
export interface BuiltWith {
  /** Ids of the embedders at hand. */
  readonly embedders: ReadonlySet<string>;
  readonly chunker: string;
}

/** What the examination of one collection works with. */
export interface Examination {
  /** Absent: what a collection was built with is compared with nothing. */
  readonly builtWith?: BuiltWith | undefined;
  readonly base: LanceBase;
  readonly fix: boolean;
  readonly signal: AbortSignal;
  readonly find: (state: Finding["state"], what: string) => void;
  /** Told what is looked at next, as of a large collection each step takes minutes. */
  readonly onStep: (step: string) => void;
}

/** What is wrong with a table, as far as it matters for mending it. */
export interface Damage {
  /** Files that are not what was sealed, relative to the store. */
  readonly files: readonly string[];
  /** Those of them that are still in their place after the recovery. */
  readonly misplaced: readonly string[];
  /** Files that name a newest version there is not. */
  readonly hints: readonly string[];
  readonly verified: Verified | undefined;
  readonly journal: Journal;
}

/** Of a table that no journal speaks of. */
export const UNSEALED = { files: [], misplaced: [], hints: [], journal: NO_JOURNAL } as const;

export interface Opened {
  readonly table: Table;
  readonly spec: CollectionSpec;
}

/** Undefined for a table of another program, which is left alone. Throws AppError when it cannot be opened. */
export async function openOwn(
  { base, find }: Examination,
  place: Place,
): Promise<Opened | undefined> {
  const table = await openTable(base, place);
  try {
    return { table, spec: readSpec(await table.schema(), place.collection) };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw toStoreError(thrown, place.collection);
    find("note", `${place.table}.lance is a table of another program, or of another version`);
    return undefined;
  }
}

/** What reading the whole table finds, or that it cannot be read to its end. */
export async function readWhole(
  examination: Examination,
  place: Place,
  { table, spec }: Opened,
): Promise<{ readonly verified: Verified | undefined; readonly lines: readonly string[] }> {
  try {
    const verified = await verify(examination, place, table, spec);
    return { verified, lines: verified.lines };
  } catch (thrown) {
    examination.signal.throwIfAborted();
    const line = toStoreError(thrown, place.collection).detail ?? "it cannot be read";
    return { verified: undefined, lines: [line] };
  }
}

/** Reads the whole table. Throws what the native library throws when it cannot be read at all. */
export async function verify(
  { base, signal, onStep }: Examination,
  place: Place,
  table: Table,
  spec: CollectionSpec,
): Promise<Verified> {
  onStep(`reading ${countOf(await table.countRows(), "chunk")}`);
  let saved;
  try {
    saved = await loadTerms(base.connection, place.table);
  } catch {
    saved = undefined; // as good as not there: counted again
  }
  return verifyTable({ table, spec, saved, signal });
}
