/** Asks all objects of a collection side by side; one that is lost or late is named. */
import pMap from "p-map";
import { findRemainingMs, startDeadline } from "../../async/deadline.ts";
import { AppError, type ErrorCode, toAppError } from "../../errors.ts";
import type { OnLost } from "../../stores/store.ts";
import type { Objects } from "./objects.ts";
import { OBJECTS_MAX, toObjects } from "./parts.ts";
import type { CollectionRpc, Reply } from "./protocol.ts";

export interface Parts {
  readonly objects: Objects;
  readonly collection: string;
  /** Of the objects, in the order of the parts. */
  readonly names: readonly string[];
}

/** The parts of a collection that is behind this name in the registry. */
export function toParts(objects: Objects, collection: string, object: string): Parts {
  return { objects, collection, names: toObjects(object) };
}

export interface Asking {
  readonly onLost?: OnLost | undefined;
  /** The parts that are asked; absent: all of them. */
  readonly among?: readonly number[];
}

export type PartCall<T> = (stub: CollectionRpc, part: number) => Promise<Reply<T>>;

/** What an object itself is the reason for; anything else is the caller's and as true of the others. */
const LOST: ReadonlySet<ErrorCode> = new Set([
  "collection_unavailable",
  "collection_not_found",
  "store_unavailable",
  "deadline_exceeded",
]);
/** Of the time that is left: what is late must be known before it is over. */
const TIME_SHARE = 0.9;

/**
 * The answers by their part. With `onLost` a part that is lost or late has none; without it the call fails
 * with the code of that part and a detail that names it. Throws that AppError also when no part answers; and
 * the signal's reason.
 */
export async function askParts<T>(
  parts: Parts,
  signal: AbortSignal,
  call: PartCall<T>,
  { onLost, among }: Asking = {},
): Promise<ReadonlyMap<number, T>> {
  const { objects, names } = parts;
  const [only = ""] = names;
  if (names.length === 1) {
    return new Map([[0, await objects.collection(only, signal, (stub) => call(stub, 0))]]);
  }
  const leftMs = findRemainingMs(signal);
  const isBounded = onLost !== undefined && Number.isFinite(leftMs);
  using deadline = isBounded
    ? startDeadline({ clock: objects.clock, budgetMs: leftMs * TIME_SHARE, parent: signal })
    : undefined;
  const answers = await pMap(
    among ?? names.keys(),
    (part) => askOne(parts, part, deadline?.signal ?? signal, call),
    { concurrency: OBJECTS_MAX },
  );
  signal.throwIfAborted();
  const lost = answers.flatMap((answer) => ("error" in answer ? [answer] : []));
  const [worst] = lost.toSorted((a, b) => Number(isLate(a.error)) - Number(isLate(b.error)));
  if (worst !== undefined && (onLost === undefined || lost.length === answers.length)) {
    throw worst.error;
  }
  for (const { part, error } of lost) onLost?.({ part: names[part] ?? "", error });
  return new Map(
    answers.flatMap((answer) => ("value" in answer ? [[answer.part, answer.value] as const] : [])),
  );
}

/** Whether it says that an object is lost or late, and nothing of what was asked. */
export function isLost(thrown: unknown): boolean {
  return LOST.has(toAppError(thrown).code);
}

/** The answer of an object; undefined when it is lost or late. Throws what says nothing of an object, and the signal's reason. */
export async function ifReached<T>(
  answer: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    signal.throwIfAborted();
    if (isLost(thrown)) return undefined;
    throw thrown;
  }
}

/** The answers of the objects behind the first, of those that give one. Throws what says nothing of an object, and the signal's reason. */
export async function askOthers<T>(
  parts: Parts,
  signal: AbortSignal,
  call: PartCall<T>,
): Promise<readonly T[]> {
  const among = [...parts.names.keys()].slice(1);
  const found = askParts(parts, signal, call, { among, onLost: () => undefined });
  // Undefined: all of them are lost.
  return [...((await ifReached(found, signal))?.values() ?? [])];
}

/** Every part's answer. Throws AppError as `askParts` does when one is lost. */
export async function askEvery<T>(
  parts: Parts,
  signal: AbortSignal,
  call: PartCall<T>,
): Promise<readonly T[]> {
  return [...(await askParts(parts, signal, call)).values()];
}

function isLate({ code }: AppError): boolean {
  return code === "deadline_exceeded";
}

type Answer<T> = { readonly part: number } & ({ readonly value: T } | { readonly error: AppError });

async function askOne<T>(
  { objects, collection, names }: Parts,
  part: number,
  signal: AbortSignal,
  call: PartCall<T>,
): Promise<Answer<T>> {
  const name = names[part] ?? "";
  try {
    return { part, value: await objects.collection(name, signal, (stub) => call(stub, part)) };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (!isLost(error)) throw thrown;
    return { part, error: toLost(error, { collection, name, part, count: names.length }) };
  }
}

interface Place {
  readonly collection: string;
  readonly name: string;
  readonly part: number;
  readonly count: number;
}

/** The object in words, with the way out. */
function toLost(cause: AppError, { collection, name, part, count }: Place): AppError {
  const which = `object ${part + 1} of ${count} of collection ${collection} (${name})`;
  if (isLate(cause)) {
    return new AppError("deadline_exceeded", { detail: `${which} did not answer in time`, cause });
  }
  const isGone = cause.code === "collection_not_found";
  return new AppError("collection_unavailable", {
    detail: isGone
      ? `${which} has lost what it held: push it again with pnpm ingest push ${collection} --to edge`
      : (cause.detail ?? `${which} cannot be reached`),
    cause,
  });
}
