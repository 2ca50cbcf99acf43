/** Packed records: the same when they are read, and less while they are kept. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import type { RunEvent } from "../../../src/domain/event.ts";
import { toArchiveLimits } from "../../../src/http/runs/archive.ts";
import { createMemoryArchive } from "../../../src/http/runs/memory-archive.ts";
import { zstdPacker } from "../../../src/node/files/zstd-packer.ts";
import { goodRun } from "../../support/app.ts";

const guide = readFileSync("data/guide/asking.md", "utf8");

const texts: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["a word", "word"],
  ["other scripts", "Antwort größer · 答え · 😀"],
  ["more than a chunk of what cannot be made smaller", noise(100_000)],
];
test.each(texts)(
  "%s comes back as it went, and holds no more memory than its length",
  (_, text) => {
    const bytes = zstdPacker.pack(text);
    expect(zstdPacker.unpack(bytes)).toBe(text);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  },
);

test("records count as what they take: of packed ones there is room for more", async () => {
  const limits = { ...toArchiveLimits(parseConfig({})), bytesMax: 300_000 };
  const plain = createMemoryArchive(limits, systemClock);
  const packed = createMemoryArchive(limits, systemClock, zstdPacker);
  for (let count = 0; count < 100; count += 1) {
    const events: readonly RunEvent[] = [{ type: "text-delta", text: guide }, ...goodRun];
    const run = { id: `r${count}`, callerId: "a", events };
    await plain.put(run);
    await packed.put(run);
    expect(await packed.find(run.id)).toEqual({ status: "kept", run });
  }
  expect(packed.runs).toBeGreaterThan(2 * plain.runs);
  expect(packed.bytes).toBeLessThanOrEqual(limits.bytesMax);
});

/** Letters without a pattern. */
function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(33 + (state % 90));
  }).join("");
}
