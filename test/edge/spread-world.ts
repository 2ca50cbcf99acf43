/** Stores over several objects in the runtime, and what tests do with them. */
import { expect } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import type { Filter } from "../../src/domain/filter.ts";
import { AppError } from "../../src/errors.ts";
import type {
  CollectionWriter,
  DocumentWrite,
  LostPart,
  Snapshot,
  WriteStore,
} from "../../src/stores/store.ts";
import { toIdf } from "../../src/text/idf.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import type { ObjectBindings } from "../../src/worker/durable/objects.ts";
import { toObjectName, toObjects } from "../../src/worker/durable/parts.ts";
import type { CollectionRpc } from "../../src/worker/durable/protocol.ts";
import { spec } from "../conformance/store-data.ts";

export const OBJECTS = 3;
const { signal } = new AbortController();
let spaces = 0;

export interface World {
  readonly store: WriteStore;
  readonly bindings: ObjectBindings;
  readonly stub: (part: number) => CollectionRpc;
}

/** What stands between a store and one of its objects. */
type Change = (stub: CollectionRpc, name: string) => object;

/** A store of its own whose collection is spread over so many objects. */
export function makeWorld(
  bindings: ObjectBindings,
  objectsOfNew = OBJECTS,
  change?: Change,
): World {
  spaces += 1;
  const space = `-spread-${spaces}-`;
  const { collections } = bindings;
  const names = new Map<unknown, string>();
  const changed: ObjectBindings = {
    ...bindings,
    space,
    collections: {
      idFromName(name) {
        const id = collections.idFromName(name);
        names.set(id, name.slice(space.length));
        return id;
      },
      get(id) {
        const stub = collections.get(id);
        const own = change?.(stub, names.get(id) ?? "") ?? {};
        return new Proxy(stub, {
          get: (target, key): unknown =>
            Reflect.get(own, key) ?? target[key as keyof CollectionRpc],
        });
      },
    },
  };
  const store = createDurableStore({
    ...changed,
    freshnessMs: 0,
    clock: systemClock,
    objectsOfNew,
  });
  const name = toObjectName(spec.name, 1, objectsOfNew);
  return {
    store,
    bindings: changed,
    stub: (part) =>
      collections.get(collections.idFromName(`${space}${toObjects(name)[part] ?? ""}`)),
  };
}

export async function fill(
  store: WriteStore,
  documents: readonly DocumentWrite[],
): Promise<CollectionWriter> {
  const writer = await store.create(spec, signal);
  for (let at = 0; at < documents.length; at += 100) {
    await writer.commit({ put: documents.slice(at, at + 100), remove: [] }, signal);
  }
  return writer;
}

/** Has the object empty itself, as one that has lost its storage. */
export async function lose(world: World, part: number): Promise<void> {
  const stub = world.stub(part);
  await stub.retire(0);
  while (!("error" in (await stub.describe()))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export interface Searched {
  readonly id: string;
  readonly score: number;
}

/** The ten best of a question by words or by a vector, as a caller weighs them. */
export async function search(
  snapshot: Snapshot,
  query: { readonly text?: string; readonly vector?: Float32Array; readonly filter?: Filter },
  onLost?: (part: LostPart) => void,
): Promise<readonly Searched[]> {
  const { text, vector, filter } = query;
  const common = {
    limit: 10,
    timeoutMs: 20_000,
    ...(filter === undefined ? {} : { filter }),
    ...(onLost === undefined ? {} : { onLost }),
  };
  if (vector !== undefined) {
    return name(snapshot, await snapshot.search({ type: "vector", vector, ...common }, signal));
  }
  const { chunks, frequencies } = await snapshot.terms(text ?? "", signal, onLost);
  const terms = [...frequencies]
    .filter(([, count]) => count > 0)
    .map(([term, count]) => ({ term, idf: toIdf(count, chunks) }));
  if (terms.length === 0) return [];
  return name(snapshot, await snapshot.search({ type: "keyword", terms, ...common }, signal));
}

async function name(snapshot: Snapshot, hits: readonly { row: string; score: number }[]) {
  const rows = hits.map(({ row }) => row);
  const chunks = await snapshot.take(rows, signal);
  return hits.map(({ score }, index) => ({ id: chunks[index]?.id ?? "damaged", score }));
}

/** The error with which the work fails. */
export async function failureOf(work: Promise<unknown>): Promise<AppError> {
  return work.then(
    () => expect.unreachable("it did not fail"),
    (thrown: unknown) => (thrown instanceof AppError ? thrown : expect.unreachable(String(thrown))),
  );
}
