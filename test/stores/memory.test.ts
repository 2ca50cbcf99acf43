/** The store in memory. */
import { createMemoryStore } from "../../src/stores/memory.ts";
import { describeStore } from "../conformance/store.ts";

describeStore("memory", async () => createMemoryStore());
