/**
 * Loaded into a service under measurement (`--import`, with `--expose-gc`): after each SIGUSR2 it collects what is
 * garbage and appends a line to the file that HEAP_PROBE_FILE names.
 */
import { appendFileSync, readdirSync } from "node:fs";

/** What a process holds at one moment. */
export interface HeapSample {
  readonly heapBytes: number;
  /** Outside of V8's heap: buffers. */
  readonly externalBytes: number;
  readonly rssBytes: number;
  /** By kind: `TCPSocketWrap`, `Timeout`. */
  readonly resources: Readonly<Record<string, number>>;
  readonly files: number;
}

/** Time for finalizers to run. */
const FINALIZERS_MS = 200;

const file = process.env["HEAP_PROBE_FILE"];
if (file !== undefined) {
  process.on("SIGUSR2", () => {
    globalThis.gc?.();
    // What finalizers let go of after the first collection is garbage only in the second.
    setTimeout(() => {
      globalThis.gc?.();
      appendFileSync(file, `${JSON.stringify(takeSample())}\n`);
    }, FINALIZERS_MS);
  });
}

function takeSample(): HeapSample {
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    resources[kind] = (resources[kind] ?? 0) + 1;
  }
  return {
    heapBytes: heapUsed,
    externalBytes: external,
    rssBytes: rss,
    resources,
    files: readdirSync("/proc/self/fd").length,
  };
}
