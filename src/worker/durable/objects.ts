/** The objects as the Worker reaches them: a new stub for each call, because a stub belongs to the request that made it. */
import type { Clock } from "../../async/clock.ts";
import { startDeadline } from "../../async/deadline.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { askEvery, ifReached, isLost, type Parts } from "./ask-parts.ts";
import { listDocuments } from "./list-documents.ts";
import { toObjects } from "./parts.ts";
import {
  type CollectionRpc,
  type EntryAfter,
  type PartInfo,
  type RegistryRpc,
  type Reply,
  toValue,
} from "./protocol.ts";
import type { VectorSource } from "./vector-source.ts";

/** A binding to objects of one class. */
export interface ObjectNamespace<Rpc> {
  idFromName(name: string): unknown;
  get(id: unknown): Rpc;
}

export interface Objects {
  readonly clock: Clock;
  /** Absent: vectors are searched in the objects alone. */
  readonly vectors?: VectorSource;
  /** Throws AppError: what the registry says; store_unavailable when it cannot be reached; the signal's reason. */
  registry<T>(signal: AbortSignal, call: (stub: RegistryRpc) => Promise<Reply<T>>): Promise<T>;
  /** Throws AppError: what the object says; collection_unavailable when it cannot be reached; the signal's reason. */
  collection<T>(
    object: string,
    signal: AbortSignal,
    call: (stub: CollectionRpc) => Promise<Reply<T>>,
  ): Promise<T>;
}

export interface ObjectBindings {
  readonly registry: ObjectNamespace<RegistryRpc>;
  readonly collections: ObjectNamespace<CollectionRpc>;
  /** Name of the registry; objects of several registries bear it in their names. */
  readonly space?: string;
  /** Absent: vectors are searched in the objects alone. */
  readonly vectors?: VectorSource;
}

/** Creates the way to the objects behind the bindings. */
export function createObjects(bindings: ObjectBindings & { readonly clock: Clock }): Objects {
  const { registry, collections, space = "", vectors, clock } = bindings;
  const toStub = <Rpc>(namespace: ObjectNamespace<Rpc>, name: string): Rpc =>
    namespace.get(namespace.idFromName(name));
  return {
    clock,
    ...(vectors === undefined ? {} : { vectors }),
    async registry(signal, call) {
      signal.throwIfAborted();
      const answer = settle(call(toStub(registry, `registry${space}`)), "store_unavailable");
      return toValue(await untilAborted(answer, signal));
    },
    async collection(object, signal, call) {
      signal.throwIfAborted();
      const stub = toStub(collections, `${space}${object}`);
      return toValue(await untilAborted(settle(call(stub), "collection_unavailable"), signal));
    },
  };
}

/** A call that did not come back is the object's failure, not ours: it was reset, moved or is overloaded. */
async function settle<T>(
  answer: Promise<T>,
  code: "store_unavailable" | "collection_unavailable",
): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    throw new AppError(code, { cause: thrown });
  }
}

/** What is given up is read by runs under way; none takes longer. */
const RETIRE_MS = 600_000;
/** Of a step that has something else to do, and of a caller that waits a minute for it. */
const RETIRING_MS_MAX = 30_000;

/**
 * Has objects that were given up empty themselves when nobody can still be reading them. One that cannot be
 * told now stays on the registry's list, and so does one whose vectors are still elsewhere, what there is no
 * time for, and what is broken off: the next step is given it again.
 */
export async function retireAll(
  objects: Objects,
  { givenUp }: Pick<EntryAfter, "givenUp">,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = objects;
  using deadline = startDeadline({ clock, budgetMs: RETIRING_MS_MAX, parent: signal });
  for (const object of givenUp) {
    if (deadline.remainingMs() === 0) break;
    try {
      if (!(await retire(objects, object, deadline.signal))) continue;
    } catch (thrown) {
      signal.throwIfAborted();
      if (!isLost(thrown)) throw thrown;
      continue;
    }
    await objects.registry(signal, (stub) => stub.retired(object));
  }
  signal.throwIfAborted();
}

/**
 * False: only its documents tell which vectors are left elsewhere, so that it keeps them. Its parts go one
 * after the other: those that are done when it is broken off are empty when it is gone on with.
 */
async function retire(objects: Objects, object: string, signal: AbortSignal): Promise<boolean> {
  for (const name of toObjects(object)) {
    const documents = listDocuments(objects, name, signal);
    if ((await objects.vectors?.remove(object, documents, signal)) === false) return false;
    await objects.collection(name, signal, (stub) => stub.retire(RETIRE_MS));
  }
  return true;
}

/** What every part holds, in their order; those that hold nothing hold an empty collection from now on. */
export async function initAll(
  parts: Parts,
  spec: CollectionSpec,
  signal: AbortSignal,
): Promise<readonly PartInfo[]> {
  const isSpread = parts.names.length > 1;
  return askEvery(parts, signal, (stub, part) => stub.init(spec, isSpread && part === 0));
}

/** Versions of a name only ever grow, whichever object it leads to: this one's becomes later than that of the one before. */
export async function raiseAbove(
  objects: Objects,
  object: string,
  before: string,
  signal: AbortSignal,
): Promise<PartInfo> {
  const version = await readVersion(objects, before, signal);
  const [first = "", ...others] = toObjects(object);
  const info = await objects.collection(first, signal, (stub) => stub.raise(version));
  // One that is lost has nothing to say to readers either.
  const raise = async (name: string) =>
    objects.collection(name, signal, (stub) => stub.raise(version)).catch(() => undefined);
  await Promise.all(others.map(raise));
  signal.throwIfAborted();
  return info;
}

/** Of an object that is lost nobody knows it any more; no collection has had a commit for every second since 1970. */
async function readVersion(objects: Objects, object: string, signal: AbortSignal): Promise<number> {
  const answer = objects.collection(object, signal, (stub) => stub.describe());
  const held = await ifReached(answer, signal);
  return held?.whole?.version ?? held?.version ?? Math.floor(Date.now() / 1_000);
}
