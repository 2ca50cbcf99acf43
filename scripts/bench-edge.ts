/**
 * What the Worker and its objects can do, in their runtime on this machine, beside their goals:
 * `node scripts/bench-edge.ts [--only objects|large|spread|hybrid|answers] [--size SHARE] [--json]`.
 * Behind a time stands the processor time that the runtime took for it: on a machine that others use as well,
 * that is what the time is made of.
 */
import { benchMain } from "./bench-main.ts";
import { benchAnswers } from "./edge/bench-answers.ts";
import { benchHybrid, benchObjects, benchSpread } from "./edge/bench-objects.ts";

const CHUNKS = 20_000;
const CHUNKS_LARGE = 100_000;

await benchMain({
  objects: (size) => benchObjects(Math.ceil(CHUNKS * size), 2),
  large: (size) => benchObjects(Math.ceil(CHUNKS_LARGE * size), 8),
  spread: (size) => benchSpread(Math.ceil(CHUNKS_LARGE * size)),
  hybrid: benchHybrid,
  answers: benchAnswers,
});
