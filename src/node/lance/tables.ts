/** The tables of the store, read as they are: what LanceDB's own clients are served. */
import type { Table } from "@lancedb/lancedb";
import { createLru } from "../../async/lru.ts";
import type { CollectionInfo } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import type { LanceTables, TableRef, TableVersion } from "../../http/lance/tables.ts";
import { toRowFilter } from "../../stores/lance/sql-filter.ts";
import { callNative, type LanceBase } from "./base.ts";
import { toJsonSchema } from "./json-schema.ts";
import { type Place, toPlace } from "./place.ts";
import type { Reader } from "./reader.ts";
import { isMissing } from "./store-error.ts";
import { runTableQuery } from "./table-query.ts";
import { toTermsName } from "./term-store.ts";

/** Pinned tables that are kept open. */
const OPEN_MAX = 64;
/**
 * A collection's generations are tables of their own, whose versions each begin at 1. To a client they are one
 * table, so the generation stands above the version's 32 bits, and a pinned version stays what it was.
 */
const GENERATION = 2 ** 32;

interface Pinned {
  readonly table: Table;
  readonly info: CollectionInfo;
  /** As clients see it. */
  readonly version: number;
}

/** Creates the reading of tables over a store's reader. */
export function createTables(base: LanceBase, reader: Reader): LanceTables {
  const open = createOpener(base);
  const pin = async (ref: TableRef, signal: AbortSignal): Promise<Pinned> => {
    const { place, snapshot } = await reader.find(ref.collection, signal);
    const { info, instance = "" } = snapshot;
    if (ref.part === "terms") {
      const table = await base.connection.openTable(toTermsName(place.table));
      return { table, info, version: await table.version() };
    }
    const version = ref.version ?? toShown(place, info.version);
    const generation = Math.floor(version / GENERATION) + 1;
    const own = version % GENERATION;
    const table = await open(toPlace(ref.collection, generation).table, own, instance);
    return { table, info, version };
  };
  const pinOrRefuse = async (ref: TableRef, signal: AbortSignal): Promise<Pinned> => {
    try {
      return await pin(ref, signal);
    } catch (thrown) {
      throw isMissing(thrown) ? toGone(ref, thrown) : thrown;
    }
  };
  const call = <T>(ref: TableRef, signal: AbortSignal, work: (pinned: Pinned) => Promise<T>) =>
    callNative(base, ref.collection, signal, async () => work(await pinOrRefuse(ref, signal)));

  return {
    describe: (ref, signal) =>
      call(ref, signal, async ({ table, version }) => ({
        version,
        schema: toJsonSchema(await table.schema()),
      })),
    count: (ref, filter, signal) =>
      call(ref, signal, async ({ table, info }) => {
        if (filter === undefined) return table.countRows();
        const { rows, where } = readFilter(ref, filter, info);
        if (rows !== undefined) throw refuseRows();
        return table.countRows(where);
      }),
    query: (ref, query, signal) =>
      call(ref, signal, async ({ table, info, version }) => {
        const rowFilter = query.filter === undefined ? {} : readFilter(ref, query.filter, info);
        const rowsMax = base.config.lanceGatewayRowsMax;
        return { version, file: await runTableQuery(table, query, { info, rowFilter, rowsMax }) };
      }),
    versions: (ref, signal) =>
      call(ref, signal, async ({ table, version }): Promise<readonly TableVersion[]> => {
        const above = ref.part === "terms" ? 0 : version - (version % GENERATION);
        const found = await table.listVersions();
        return found.map((one) => ({
          version: above + one.version,
          committedAtMs: one.timestamp.getTime(),
        }));
      }),
  };
}

function toShown({ generation }: Place, version: number): number {
  return (generation - 1) * GENERATION + version;
}

function readFilter({ part }: TableRef, filter: string, info: CollectionInfo) {
  if (part === "terms") {
    throw new AppError("invalid_filter", { detail: "statistics are read whole, without a filter" });
  }
  return toRowFilter(filter, info);
}

function refuseRows(): AppError {
  return new AppError("invalid_filter", { detail: "rows are not counted by their ids" });
}

function toGone({ collection, part, version }: TableRef, cause: unknown): AppError {
  const what = part === "terms" ? "statistics" : `version ${version ?? "of its own"}`;
  return new AppError("collection_not_found", {
    detail: `collection ${collection} has no ${what} any more`,
    cause,
  });
}

/** Opens tables at a version and keeps the last ones, each for the collection as it was made then. */
function createOpener({
  openAt,
}: Pick<LanceBase, "openAt">): (
  table: string,
  version: number,
  instance: string,
) => Promise<Table> {
  const opened = createLru<Promise<Table>>({ entriesMax: OPEN_MAX, bytesMax: Infinity });
  return (name, version, instance) => {
    const key = `${name}@${version} ${instance}`;
    const found = opened.get(key);
    if (found !== undefined) return found;
    const opening = openAt(name, version);
    opened.set(key, opening, 0);
    opening.catch(() => opened.delete(key));
    return opening;
  };
}
