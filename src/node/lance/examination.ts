/** What an examination of a store works with and what it finds. */
import type { Table } from "@lancedb/lancedb";
import type { CollectionSpec } from "../../domain/collection.ts";
import type { Journal } from "../durable/journal.ts";
import type { LanceBase } from "./base.ts";
import type { Place } from "./place.ts";
import { loadTerms } from "./term-store.ts";
import { inspectTable, type Verified } from "./verify.ts";

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

/** Reads the whole table. */
export async function verify(
  { base, signal }: Examination,
  place: Place,
  table: Table,
  spec: CollectionSpec,
): Promise<Verified> {
  let saved;
  try {
    saved = await loadTerms(base.connection, place.table);
  } catch {
    saved = undefined; // as good as not there: counted again
  }
  return inspectTable({ table, spec, saved, signal });
}
