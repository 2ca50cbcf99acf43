/** The store over Durable Objects, in the runtime they have in production. */
import { afterAll, beforeAll, describe } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import type { ObjectBindings } from "../../src/worker/durable/objects.ts";
import { describeStore } from "../conformance/store.ts";
import { startEdge, type TestEdge } from "./test-edge.ts";

let edge: TestEdge;
let bindings: ObjectBindings;
let spaces = 0;
beforeAll(async () => {
  edge = await startEdge();
  bindings = await edge.objects();
});
afterAll(async () => edge.close());

describe.each([1, 3])("over %i objects", (objectsOfNew) => {
  describeStore("durable objects", async () => {
    spaces += 1;
    return createDurableStore({
      ...bindings,
      space: `-${spaces}-`,
      freshnessMs: 0,
      clock: systemClock,
      objectsOfNew,
    });
  });
});
