/** The store that the tests of one file ask, and proof that all of them together leave nothing behind. */
import { afterAll, beforeAll, expect } from "vitest";
import { makeChaosStore, startWorld, until, type World, type WorldOptions } from "./chaos-world.ts";
import type { TempFolder } from "./local-store.ts";

export interface ChaosStore {
  /** There as soon as the first test runs. */
  readonly folder: TempFolder;
  /** A service over it. */
  start(options?: Omit<WorldOptions, "folder">): Promise<World>;
}

/**
 * Makes the store before the file's tests. After them removes it, waits until no timer or socket is left, and wants no
 * emitter and no signal to have gathered listeners, which Node warns of.
 */
export function useChaosStore(): ChaosStore {
  let folder: TempFolder | undefined;
  const before = countResources();
  const warnings: string[] = [];
  const onWarning = ({ name, message }: Error): void => {
    if (name === "MaxListenersExceededWarning") warnings.push(message);
  };
  beforeAll(async () => {
    process.on("warning", onWarning);
    folder = await makeChaosStore();
  });
  afterAll(async () => {
    await folder?.[Symbol.asyncDispose]();
    await expectResourcesBack(before);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
  const store: ChaosStore = {
    get folder() {
      if (folder === undefined) throw new Error("the store is made before the first test");
      return folder;
    },
    start: (options = {}) => startWorld({ folder: store.folder, ...options }),
  };
  return store;
}

/** Handles and timers that keep this process alive, by kind. */
function countResources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** No more of any kind than before; sockets close a moment after those who hold them are told to. */
async function expectResourcesBack(before: Readonly<Record<string, number>>): Promise<void> {
  const more = (): readonly string[] =>
    Object.entries(countResources())
      .filter(([kind]) => /Timeout|TCP|Immediate/.test(kind))
      .filter(([kind, count]) => count > (before[kind] ?? 0))
      .map(([kind, count]) => `${kind}: ${before[kind] ?? 0} before, ${count} after`);
  await until(
    () => more().length === 0,
    () => `resources are left: ${more().join("; ")}`,
  );
}
