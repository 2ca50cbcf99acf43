/** Counts that several processes keep together; while they cannot be reached, each process goes by its own. */
import type { Counts, Use, WindowName } from "./counts.ts";

/** Port: counts kept elsewhere. Nothing here throws or takes long. */
export interface RemoteCounts {
  /** Undefined: not reached. `unsure`: sent, and not answered in time; it may have been added all the same. */
  add(window: WindowName, id: string, amount: number): Promise<Use | "unsure" | undefined>;
  /** Undefined: not reached. */
  read(window: WindowName, id: string): Promise<Use | undefined>;
  beginRun(id: string, max: number): Promise<RemoteRun>;
}

/** `unknown`: not reached; the run is counted there as soon as that is possible again. */
export type RemoteRun =
  | { readonly state: "in" | "unknown"; readonly end: () => void }
  | { readonly state: "full" };

/**
 * What is counted there is always counted here too, so that a process on its own goes on from what it
 * has let through itself. Tokens that could not be told are told later; those that may have been are not told twice, or
 * a Redis that is slow again and again would make ever more of them.
 */
export function createSharedCounts(remote: RemoteCounts, own: Counts): Counts {
  /** Tokens of the day by id; as many as there are keys. */
  const untold = new Map<string, number>();

  const tell = async (id: string, amount: number): Promise<Use | undefined> => {
    const all = amount + (untold.get(id) ?? 0);
    untold.delete(id);
    const use = await remote.add("day", id, all);
    if (use === undefined) untold.set(id, all + (untold.get(id) ?? 0));
    return toKnown(use);
  };
  return {
    async add(window, id, amount) {
      const here = await own.add(window, id, amount);
      const there =
        window === "day" ? tell(id, amount) : remote.add(window, id, amount).then(toKnown);
      return (await there) ?? here;
    },
    async read(window, id) {
      const isTold = window !== "day" || !untold.has(id);
      const there = isTold ? remote.read(window, id) : tell(id, 0);
      return (await there) ?? own.read(window, id);
    },
    async beginRun(id, max) {
      const there = await remote.beginRun(id, max);
      if (there.state === "full") return undefined;
      const isKnown = there.state === "in";
      const endOwn = await own.beginRun(id, isKnown ? Number.POSITIVE_INFINITY : max);
      if (endOwn === undefined) {
        there.end();
        return undefined;
      }
      return () => {
        endOwn();
        there.end();
      };
    },
  };
}

function toKnown(use: Use | "unsure" | undefined): Use | undefined {
  return use === "unsure" ? undefined : use;
}
