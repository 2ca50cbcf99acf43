/** The store over Durable Objects, in the runtime they have in production. */
import { describe } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import { describeStore } from "../conformance/store.ts";
import { useEdge } from "./test-edge.ts";

const edge = useEdge();
let spaces = 0;

describe.each([1, 3])("over %i objects", (objectsOfNew) => {
  describeStore("durable objects", async () => {
    spaces += 1;
    return createDurableStore({
      ...edge.bindings,
      space: `-${spaces}-`,
      freshnessMs: 0,
      clock: systemClock,
      objectsOfNew,
    });
  });
});
