/** Where the parts of a collection lie: its generations are tables of their own, and the pointer says which one is read. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../errors.ts";
import { readPointer } from "../durable/pointer.ts";
import { ifFound } from "../files/is-code.ts";
import type { LanceBase } from "./base.ts";
import { toTermsName } from "./term-store.ts";

/** One generation of a collection. Names of collections hold no dot, so that no two places meet. */
export interface Place {
  readonly collection: string;
  readonly generation: number;
  /** Name of its table. */
  readonly table: string;
}

export function toPlace(collection: string, generation: number): Place {
  const table = generation === 1 ? collection : `${collection}.g${generation}`;
  return { collection, generation, table };
}

/** `notes.g2` and `notes` as places; undefined for the table of statistics and for what others made. */
export function parsePlace(table: string): Place | undefined {
  const match = /^([a-z0-9][a-z0-9_-]{0,62})(?:\.g([2-9]|[1-9]\d{1,8}))?$/.exec(table);
  return match === null ? undefined : toPlace(match[1] ?? "", Number(match[2] ?? 1));
}

/** Most tables of one store that are looked at. */
const TABLES_MAX = 10_000;

type Store = Pick<LanceBase, "connection" | "local" | "uri" | "seen">;

/**
 * A place for each table that can be a collection's, in the order of their names. Throws native errors, which the caller
 * maps, and AppError store_unavailable as `checkStore` does.
 */
export async function listPlaces(base: Store): Promise<Place[]> {
  const tables = await base.connection.tableNames({ limit: TABLES_MAX });
  if (tables.length === 0) await checkStore(base);
  else base.seen.tables = true;
  return tables.flatMap((table) => parsePlace(table) ?? []);
}

/**
 * Where nothing was found: is the store itself there? LanceDB takes a folder that went away for an empty one, and so it
 * does whatever answers in the place of object storage with a page of its own. There the lease of a collection stays
 * when that is dropped, so what has held tables is never empty. Throws AppError store_unavailable, and native errors.
 */
export async function checkStore({ connection, local, uri, seen }: Store): Promise<void> {
  const refuse = (detail: string): never => {
    throw new AppError("store_unavailable", { detail });
  };
  if (local) {
    if ((await ifFound(stat(uri))) !== undefined) return;
    refuse("the folder of the store is not there; check DATA_DIR and its disk");
  }
  if (!seen.tables || (await connection.tableNames({ limit: 1 })).length > 0) return;
  refuse(
    "object storage shows nothing where tables were; check what answers at the endpoint in STORE_OPTIONS, and start again if DATA_DIR was emptied",
  );
}

/** The generation that is read. Throws AppError collection_unavailable for a pointer that cannot be used. */
export async function findPlace(base: LanceBase, collection: string): Promise<Place> {
  if (!base.local) return toPlace(collection, 1);
  const { current } = await readPointer(toPointerPath(base, collection), collection);
  return toPlace(collection, current);
}

export function toPointerPath({ uri }: Pick<LanceBase, "uri">, collection: string): string {
  return join(uri, `${collection}.pointer`);
}

export function toLockPath({ uri }: Pick<LanceBase, "uri">, collection: string): string {
  return join(uri, `${collection}.lock`);
}

/** Files beside and below the table, in a local store. */
export function toPaths({ uri }: Pick<LanceBase, "uri">, { table }: Place) {
  return {
    journal: join(uri, `${table}.journal`),
    folder: join(uri, `${table}.lance`),
    terms: join(uri, `${toTermsName(table)}.lance`),
    /** What was moved out of the way, never deleted by the program. */
    quarantine: join(uri, `${table}.quarantine`),
  };
}
