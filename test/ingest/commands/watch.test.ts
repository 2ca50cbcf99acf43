/** What --watch does with a sync that did not get to the changes; what it watches is tested by the command. */
import { setImmediate } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { watchFiles } from "../../../ingest/commands/watch.ts";
import { makeTempFolder } from "../../support/local-store.ts";

/** The clock stands meanwhile, other than in Vitest's own waiting. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate();
}

test("what fails again and again is tried ever less often, and no more after a success", async () => {
  await using folder = await makeTempFolder();
  const waits: number[] = [];
  const outcomes = ["again", "again", "again", "again", "again", "done"] as const;
  let syncs = 0;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const stop = new AbortController();
  try {
    const watching = watchFiles(
      {
        paths: [folder.path],
        cwd: folder.path,
        onWatching: () => undefined,
        onRetry: (waitMs) => void waits.push(waitMs),
      },
      async () => outcomes[syncs++] ?? "done",
      stop.signal,
    );
    for (const [at, waitMs] of [10_000, 20_000, 40_000, 60_000, 60_000].entries()) {
      await until(() => waits.length === at + 1);
      expect(waits.at(-1)).toBe(waitMs);
      await vi.advanceTimersByTimeAsync(waitMs - 1);
      expect(syncs).toBe(at + 1);
      await vi.advanceTimersByTimeAsync(1);
    }
    await until(() => syncs === outcomes.length);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(syncs).toBe(outcomes.length);
    stop.abort();
    await watching;
  } finally {
    stop.abort();
    vi.useRealTimers();
  }
});
