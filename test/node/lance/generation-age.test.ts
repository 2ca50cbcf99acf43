/** How long a generation that was replaced is kept for going back: as long as the setting says. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import type { CollectionWriter } from "../../../src/stores/store.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";

const { signal } = new AbortController();
const MINUTE_MS = 60_000;
const GENERATION_1 = `${spec.name}.lance`;

afterEach(() => void vi.useRealTimers());

test.each([
  [2, 119, true],
  [2, 121, false],
  [400, 399 * 60, true],
  [400, 401 * 60, false],
])(
  "with GENERATION_KEEP_HOURS=%i it is there after %i minutes: %s",
  async (hours, minutes, isThere) => {
    const folder = await mkdtemp(join(tmpdir(), "tributary-test-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const config = parseConfig({ GENERATION_KEEP_HOURS: String(hours), FRESHNESS_MS: "1" });
    const store = await createLanceStore({ uri: folder, config, clock: systemClock });
    const fill = async (writer: CollectionWriter | undefined): Promise<void> => {
      await writer?.commit({ put: [toDocument("a", ["cats"])], remove: [] }, signal);
    };
    const first = await store.create(spec, signal);
    await fill(first);
    await first.close();
    const second = await store.generations?.begin({ ...spec, language: "none" }, signal);
    await fill(second);
    await second?.publish(signal);
    await second?.close();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + minutes * MINUTE_MS });
    const third = await store.generations?.begin({ ...spec, language: "german" }, signal);
    await third?.close();
    expect((await readdir(folder)).includes(GENERATION_1)).toBe(isThere);
    const back = store.generations?.rollback(spec.name, signal).catch((thrown: unknown) => thrown);
    expect(await back).toMatchObject(isThere ? { language: "english" } : { code: "not_found" });
  },
);

test("a rebuild that is under way is nothing to go back to, though the one that was went", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tributary-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = parseConfig({ GENERATION_KEEP_HOURS: "1", FRESHNESS_MS: "1" });
  const store = await createLanceStore({ uri: folder, config, clock: systemClock });
  await (await store.create(spec, signal)).close();
  const second = await store.generations?.begin({ ...spec, language: "none" }, signal);
  await second?.publish(signal);
  await second?.close();
  await store.generations?.rollback(spec.name, signal);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61 * MINUTE_MS });
  const third = await store.generations?.begin({ ...spec, language: "german" }, signal);
  await third?.close();
  const back = store.generations?.rollback(spec.name, signal);
  await expect(back).rejects.toMatchObject({ code: "not_found" });
  expect((await store.open(spec.name, signal)).info).toMatchObject({ language: "english" });
});
