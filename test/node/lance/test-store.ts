/** A LanceDB store in a folder that is removed after the test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Clock, systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import type { LanceOptions } from "../../../src/node/lance/base.ts";
import { createLanceStore, type LanceStore } from "../../../src/node/lance/lance-store.ts";
import type { Residents } from "../../../src/node/lance/residents.ts";

/** Creates a store in a folder of its own. */
export async function createTestStore(
  residents?: Residents,
): Promise<{ store: LanceStore; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-test-"));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  return { store: await openTestStore(folder, { residents }), folder };
}

export interface TestStoreOptions {
  readonly freshnessMs?: number;
  readonly residents?: Residents | undefined;
  readonly clock?: Clock;
  readonly onRecovered?: LanceOptions["onRecovered"];
}

/** Another store on the same folder, as another process would open it. */
export async function openTestStore(
  folder: string,
  { freshnessMs = 1, residents, clock = systemClock, onRecovered }: TestStoreOptions = {},
): Promise<LanceStore> {
  const config = parseConfig({ FRESHNESS_MS: String(freshnessMs) });
  const memory = residents === undefined ? {} : { residents };
  return createLanceStore({ uri: folder, config, clock, ...memory, onRecovered });
}
