/** The store on LanceDB, in a local folder. */
import { describeStore } from "../../conformance/store.ts";
import { createTestStore } from "./test-store.ts";

describeStore("LanceDB", async () => (await createTestStore()).store);
