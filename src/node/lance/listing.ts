/** Which collections there are: looked up once for all who ask within the time in which a commit becomes visible. */
import type { Table } from "@lancedb/lancedb";
import pMap from "p-map";
import { NEVER } from "../../async/never.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { AppError } from "../../errors.ts";
import { callNative, type LanceBase, openTable } from "./base.ts";
import { findPlace, listPlaces } from "./place.ts";
import { LOOK_AHEAD_SHARE, type Reader } from "./reader.ts";
import { readSpec } from "./schema.ts";
import { isOfStore, toStoreError } from "./store-error.ts";

export interface Listing {
  list(signal: AbortSignal): Promise<readonly string[]>;
  /** The next `list` looks again: this process has made or dropped a collection. */
  forget(): void;
}

/** Creates a listing. */
export function createListing(base: LanceBase, reader: Reader): Listing {
  const { clock, config } = base;
  let known: { readonly names: readonly string[]; readonly atMs: number } | undefined;
  let looking: Promise<readonly string[]> | undefined;

  /** One look for all who ask meanwhile, whichever of them gives up. */
  const look = (): Promise<readonly string[]> => {
    const atMs = clock.now();
    const started = find(base, reader)
      .then((names) => {
        // Not after `forget`: what was found may be too old to be kept.
        if (looking === started) known = { names, atMs };
        return names;
      })
      .finally(() => {
        if (looking === started) looking = undefined;
      });
    return started;
  };

  const share = (): Promise<readonly string[]> => (looking ??= look());

  return {
    async list(signal) {
      signal.throwIfAborted();
      const ageMs = known === undefined ? Infinity : clock.now() - known.atMs;
      if (known === undefined || ageMs >= config.freshnessMs) {
        return untilAborted(share(), signal);
      }
      // As the reader does: ahead of time, for nobody in particular.
      if (ageMs >= config.freshnessMs * LOOK_AHEAD_SHARE) share().catch(() => undefined);
      return known.names;
    },
    forget() {
      known = undefined;
      looking = undefined;
    },
  };
}

async function find(base: LanceBase, reader: Reader): Promise<readonly string[]> {
  const places = await callNative(base, undefined, NEVER, () => listPlaces(base));
  // Each collection once, however many generations it has.
  const names = [...new Set(places.map(({ collection }) => collection))];
  const found = await pMap(
    names,
    async (name) => ((await isCollection(base, reader, name)) ? [name] : []),
    { concurrency: base.config.searchConcurrencyMax },
  );
  return found.flat().toSorted();
}

/**
 * Tables of others and shells that a crash left are no collections; a damaged collection is one, so that it
 * is reported and not passed over. A store that cannot be read at all is an error.
 */
async function isCollection(base: LanceBase, reader: Reader, name: string): Promise<boolean> {
  // Looked at when it is asked: with hundreds of collections all of them would take longer than a question may.
  if (reader.isOpen(name)) return true;
  try {
    // What is opened now is at hand when it is searched next.
    await reader.open(name, NEVER);
    return true;
  } catch {
    return hasSpec(base, name);
  }
}

/** What is there and does not open is damaged: whose it was can no longer be told, so it counts as ours. */
async function hasSpec(base: LanceBase, name: string): Promise<boolean> {
  let table: Table;
  try {
    table = await openTable(base, await findPlace(base, name));
  } catch (thrown) {
    return throwOfStore(thrown, name).code === "collection_unavailable";
  }
  try {
    readSpec(await table.schema(), name);
    return true;
  } catch (thrown) {
    throwOfStore(thrown, name);
    return false;
  }
}

/** What is wrong with the table. Throws what is wrong with the store: of a table nothing is known then. */
function throwOfStore(thrown: unknown, name: string): AppError {
  const error = toStoreError(thrown, name);
  if (isOfStore(error)) throw error;
  return error;
}
