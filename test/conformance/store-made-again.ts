/** Collections that are dropped and made again: their versions begin anew, and nothing of them is mixed up. */
import { expect, test } from "vitest";
import type { Snapshot, WriteStore } from "../../src/stores/store.ts";
import { spec, toDocument } from "./store-data.ts";

const signal = new AbortController().signal;
const name = "again";

export function describeMadeAgain(store: () => WriteStore): void {
  test("a collection that is made again is never taken for what it was, at the same version either", async () => {
    const make = async (text: string): Promise<Snapshot> => {
      const writer = await store().create({ ...spec, name }, signal);
      await writer.commit({ put: [toDocument("a", [text])], remove: [] }, signal);
      await writer.index(signal);
      await writer.close();
      return store().open(name, signal);
    };
    const before = await make("cats");
    expect(await readText(before)).toBe("cats");
    await store().drop(name, signal);
    const after = await make("dogs");
    expect(await readText(after)).toBe("dogs");
    expect(toPin(after)).not.toEqual(toPin(before));
    expect(toPin(await store().open(name, signal))).toEqual(toPin(after));
  });
}

async function readText(snapshot: Snapshot): Promise<string | undefined> {
  const rows = await snapshot.rowsOf({ documentId: "a", from: 0, limit: 1 }, signal);
  const [chunk] = await snapshot.take(rows, signal);
  return chunk?.text;
}

function toPin({ info, instance }: Snapshot): readonly unknown[] {
  return [info.version, instance];
}
