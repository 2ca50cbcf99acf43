/** A LanceDB store in a folder that is removed after the test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import type { WriteStore } from "../../../src/stores/store.ts";

/** Creates a store in a folder of its own. */
export async function createTestStore(): Promise<{ store: WriteStore; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-test-"));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  return { store: await openTestStore(folder), folder };
}

/** Another store on the same folder, as another process would open it. */
export async function openTestStore(folder: string, freshnessMs = 1): Promise<WriteStore> {
  const config = parseConfig({ FRESHNESS_MS: String(freshnessMs) });
  return createLanceStore({ uri: folder, config, clock: systemClock });
}
