/** The store on LanceDB, in a local folder: by native calls alone, and with small collections in memory. */
import { createResidents } from "../../../src/node/lance/residents.ts";
import type { WriteStore } from "../../../src/stores/store.ts";
import { describeStore } from "../../conformance/store.ts";
import { createTestStore } from "./test-store.ts";

describeStore("LanceDB", async () => (await createTestStore(createResidents(0))).store);

describeStore("LanceDB in memory", async () => {
  const residents = createResidents(64 * 2 ** 20);
  const { store } = await createTestStore(residents);
  return {
    ...store,
    async open(collection, signal) {
      const snapshot = await store.open(collection, signal);
      await residents.idle();
      return snapshot;
    },
  } satisfies WriteStore;
});
