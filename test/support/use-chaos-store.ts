/** The store that the tests of one file ask, and proof that all of them together leave nothing behind. */
import { afterAll, beforeAll } from "vitest";
import {
  countResources,
  expectResourcesBack,
  makeChaosStore,
  startWorld,
  type World,
  type WorldOptions,
} from "./chaos-world.ts";
import type { TempFolder } from "./local-store.ts";

export interface ChaosStore {
  /** There as soon as the first test runs. */
  readonly folder: TempFolder;
  /** A service over it. */
  start(options?: Omit<WorldOptions, "folder">): Promise<World>;
}

/** Makes the store before the file's tests; after them removes it and waits until no timer or socket is left. */
export function useChaosStore(): ChaosStore {
  let folder: TempFolder | undefined;
  const before = countResources();
  beforeAll(async () => {
    folder = await makeChaosStore();
  });
  afterAll(async () => {
    await folder?.[Symbol.asyncDispose]();
    await expectResourcesBack(before);
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
