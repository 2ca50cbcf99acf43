/** What was deleted leaves the disk: its text, its vector, its words. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as lancedb from "@lancedb/lancedb";
import { afterEach, expect, test, vi } from "vitest";
import { hasDeleted } from "../../../src/node/lance/drop-deleted.ts";
import type { CollectionWriter } from "../../../src/stores/store.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";
import { createTestStore } from "./test-store.ts";

const signal = new AbortController().signal;
const SECRET = "XYZZYSECRET";
const TWO_HOURS_MS = 2 * 3_600_000;

afterEach(() => vi.useRealTimers());

/** Files in which any of these stands. */
async function findFiles(folder: string, wanted: readonly Buffer[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    if (wanted.some((some) => bytes.includes(some))) found.push(path);
  }
  return found;
}

/** Whether rows that are marked as deleted lie in the files of the newest version. */
async function holdsDeleted(folder: string): Promise<boolean> {
  return hasDeleted(await (await lancedb.connect(folder)).openTable(spec.name));
}

/** With so many documents beside it that LanceDB would never clear it away for its own sake. */
async function fill(writer: CollectionWriter, others: number) {
  const secret = toDocument("secret", [`The code word is ${SECRET}.`], { seeds: [others] });
  const put = Array.from({ length: others }, (_, index) =>
    toDocument(`note ${index}`, [`Plain text number ${index}.`], { seeds: [index] }),
  );
  await writer.commit({ put: [...put, secret], remove: [] }, signal);
  await writer.index(signal);
  const vector = secret.chunks[0]?.vector;
  if (vector === undefined) throw new Error("the secret has a vector");
  return [Buffer.from(SECRET), Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)];
}

test.each([
  ["a collection without a vector index", 200],
  ["one with a vector index", 1_200],
])(
  "%s: optimize, and once more when old versions may go, leave nothing of it",
  async (_, others) => {
    const { store, folder } = await createTestStore();
    const writer = await store.create(spec, signal);
    const traces = await fill(writer, others);
    expect(await findFiles(folder, traces)).not.toEqual([]);
    await writer.commit({ put: [], remove: ["secret"] }, signal);
    await writer.index(signal);
    expect(await holdsDeleted(folder)).toBe(true);
    await writer.optimize(signal);
    expect(await holdsDeleted(folder)).toBe(false);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + TWO_HOURS_MS });
    await writer.optimize(signal);
    expect(await findFiles(folder, traces)).toEqual([]);
    // Everything else is as it was.
    expect(await writer.verify(signal)).toEqual([]);
    const snapshot = await store.open(spec.name, signal);
    expect(snapshot.info).toMatchObject({ documents: others, chunks: others });
    const { frequencies } = await snapshot.terms(`plain ${SECRET}`, signal);
    expect([...frequencies.values()]).toEqual([others, 0]);
    const { version } = snapshot.info;
    await writer.optimize(signal);
    expect((await store.open(spec.name, signal)).info.version).toBe(version);
    await writer.close();
  },
);

test.each([0, 1, 2, 3, 4])(
  "an optimize that is interrupted at its step %i is made up for by the next",
  async (at) => {
    const { store, folder } = await createTestStore();
    const writer = await store.create(spec, signal);
    await fill(writer, 1_200);
    await writer.commit({ put: [], remove: ["secret"] }, signal);
    await writer.index(signal);
    const stop = new AbortController();
    const steps: string[] = [];
    const interrupted = writer.optimize(stop.signal, (step) => {
      if (steps.push(step) > at) stop.abort(new Error("stopped"));
    });
    await expect(interrupted).rejects.toThrow("stopped");
    const again: string[] = [];
    const isLeft = await holdsDeleted(folder);
    await writer.optimize(signal, (step) => again.push(step));
    expect(await holdsDeleted(folder)).toBe(false);
    // An index from before holds the words of what was deleted: it may stay only where the files were already written.
    expect(again.includes("full-text index")).toBe(isLeft);
    expect(isLeft).toBe(at < 3);
    expect(await writer.verify(signal)).toEqual([]);
    await writer.close();
  },
);
