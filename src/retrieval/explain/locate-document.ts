/** Finds the one document that is meant by an id, in the collections asked or, failing that, in another. */
import pMap from "p-map";
import { untilAborted } from "../../async/until-aborted.ts";
import type { ExplainTarget } from "../../domain/explanation.ts";
import { AppError } from "../../errors.ts";
import type { Run } from "../../run.ts";
import type { ReadStore, Snapshot } from "../../stores/store.ts";
import { type Opened, openCollections } from "../open-collections.ts";

export interface Located {
  readonly snapshot: Snapshot;
  /** Of its chunks in reading order, at least one. */
  readonly rows: readonly string[];
  /** Its collection is one of those asked. */
  readonly isAsked: boolean;
}

/** Chunks of a document that are looked at. */
const CHUNKS_MAX = 1_000;

/**
 * Throws AppError: not_found where no collection that can be read has it, invalid_request where several
 * have, collection_not_found, collection_unavailable, store_unavailable, and the run's own end.
 */
export async function locateDocument(
  store: ReadStore,
  opened: readonly Opened[],
  target: ExplainTarget,
  run: Run,
): Promise<Located> {
  const { documentId, collection } = target;
  const isAsked = (name: string): boolean => opened.some((one) => one.collection === name);
  if (collection !== undefined) {
    const own = isAsked(collection)
      ? opened.filter((one) => one.collection === collection)
      : await openCollections(store, [collection], run);
    const [found] = await findIn(own, documentId, run);
    return found === undefined ? refuse(own) : { ...found, isAsked: isAsked(collection) };
  }
  const found = await findIn(opened, documentId, run);
  const [first] = found;
  if (found.length > 1) {
    const names = found.map(({ snapshot }) => snapshot.info.name).join(", ");
    const message = `must say which of ${names} is meant: each has a document of this id`;
    throw new AppError("invalid_request", {
      detail: `collection ${message}`,
      issues: [{ path: "collection", message }],
    });
  }
  if (first !== undefined) return { ...first, isAsked: true };
  const all = await openCollections(store, [], run);
  const [elsewhere] = await findIn(
    all.filter((one) => !isAsked(one.collection)),
    documentId,
    run,
  );
  return elsewhere === undefined ? refuse(all) : { ...elsewhere, isAsked: false };
}

type Place = Omit<Located, "isAsked">;

async function findIn(
  opened: readonly Opened[],
  documentId: string,
  run: Run,
): Promise<readonly Place[]> {
  using deadline = run.deadline.child(run.config.searchTimeoutMs, "locate");
  const { signal } = deadline;
  const places = await pMap(
    opened.flatMap((one) => ("snapshot" in one ? [one.snapshot] : [])),
    async (snapshot): Promise<Place> => {
      const work = snapshot.rowsOf({ documentId, from: 0, limit: CHUNKS_MAX }, signal);
      return { snapshot, rows: await untilAborted(work, signal) };
    },
    { concurrency: run.config.searchConcurrencyMax },
  );
  return places.filter(({ rows }) => rows.length > 0);
}

function refuse(looked: readonly Opened[]): never {
  const names = (wanted: "error" | "snapshot"): string =>
    looked.flatMap((one) => (wanted in one ? [one.collection] : [])).join(", ");
  const closed = names("error");
  if (closed !== "") {
    throw new AppError("collection_unavailable", {
      stage: "locate",
      detail: `the document may be in ${closed}, which cannot be read now; so nothing of it is found either`,
    });
  }
  throw new AppError("not_found", {
    stage: "locate",
    detail: `there is no document of this id in ${names("snapshot")}; an id is what a passage has as its documentId`,
  });
}
