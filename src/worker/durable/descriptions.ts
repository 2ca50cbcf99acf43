/** What the objects of collections say of themselves, believed for a while; where the first of several is lost or late, what the others were told. */
import type { Clock } from "../../async/clock.ts";
import { findRemainingMs } from "../../async/deadline.ts";
import { isSlower } from "../../async/is-slower.ts";
import { createLru } from "../../async/lru.ts";
import { ifThere } from "../../stores/check.ts";
import { askOthers, ifReached, type Parts } from "./ask-parts.ts";
import type { PartInfo } from "./protocol.ts";

export interface Descriptions {
  /**
   * What readers see of the collection. Undefined: its objects hold nothing any more.
   * Throws AppError collection_unavailable when neither the first object nor what another was told is to be
   * had, and the signal's reason.
   */
  read(parts: Parts, signal: AbortSignal): Promise<PartInfo | undefined>;
  /** What is shown from now on. */
  keep(parts: Parts, info: PartInfo): void;
  forget(): void;
}

export interface DescriptionsOptions {
  readonly freshnessMs: number;
  readonly clock: Clock;
}

interface Known {
  readonly info: PartInfo;
  readonly atMs: number;
}

const KNOWN_MAX = 1_000;

/** Creates an empty memory. Nothing is shared but values: requests do not wait for each other's calls. */
export function createDescriptions({ freshnessMs, clock }: DescriptionsOptions): Descriptions {
  const create = () => createLru<Known>({ entriesMax: KNOWN_MAX, bytesMax: Infinity });
  let known = create();
  const keep = ({ names: [first = ""] }: Parts, info: PartInfo, atMs: number): void =>
    known.set(first, { info, atMs }, 0);
  return {
    async read(parts, signal) {
      signal.throwIfAborted();
      const atMs = clock.now();
      const before = known.get(parts.names[0] ?? "");
      if (before !== undefined && atMs - before.atMs < freshnessMs) return before.info;
      const info = await describe(parts, signal);
      if (info !== undefined) keep(parts, info, atMs);
      return info;
    },
    keep: (parts, info) => keep(parts, info, clock.now()),
    forget: () => (known = create()),
  };
}

/** Of the time that is left: after it the others are asked too, while the first may still answer. */
const LATE_SHARE = 0.5;

async function describe(parts: Parts, signal: AbortSignal): Promise<PartInfo | undefined> {
  const first = describeFirst(parts, signal);
  if (parts.names.length === 1) return first;
  if (!(await isSlower(first, LATE_SHARE * findRemainingMs(signal), parts.objects.clock))) {
    const info = await ifReached(first, signal);
    if (info !== undefined) return info;
  }
  return (await describeByOthers(parts, signal)) ?? first;
}

/** Undefined: it holds nothing any more. */
async function describeFirst(
  { objects, names }: Parts,
  signal: AbortSignal,
): Promise<PartInfo | undefined> {
  return ifThere(objects.collection(names[0] ?? "", signal, (stub) => stub.describe()));
}

/** The newest that one of the others was told; undefined when none that answers was. */
async function describeByOthers(parts: Parts, signal: AbortSignal): Promise<PartInfo | undefined> {
  const found = await askOthers(parts, signal, (stub) => stub.describe());
  const versionOf = ({ whole }: PartInfo): number => whole?.version ?? 0;
  return found
    .filter(({ whole }) => whole !== null)
    .toSorted((a, b) => versionOf(b) - versionOf(a))[0];
}
