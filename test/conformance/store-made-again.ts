/** Collections that are dropped and made again: their versions begin anew, and nothing of them is mixed up. */
import { expect, test } from "vitest";
import type { CollectionWriter, Snapshot, WriteStore } from "../../src/stores/store.ts";
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

  test("a generation is built beside what readers are shown, shown in one step, and taken back", async (test) => {
    const { generations } = store();
    if (generations === undefined) {
      test.skip();
      return;
    }
    const write = async (writer: CollectionWriter, text: string): Promise<void> => {
      await writer.commit({ put: [toDocument("a", [text])], remove: [] }, signal);
      await writer.index(signal);
    };
    const first = await store().create({ ...spec, name }, signal);
    await write(first, "cats");
    await first.close();
    const before = await store().open(name, signal);
    const next = await generations.begin({ ...spec, name, language: "none" }, signal);
    await write(next, "dogs");
    expect(toPin(await store().open(name, signal))).toEqual(toPin(before));
    await next.publish(signal);
    await next.close();
    const after = await store().open(name, signal);
    expect([await readText(before), await readText(after)]).toEqual(["cats", "dogs"]);
    expect(toPin(after)).not.toEqual(toPin(before));
    await generations.rollback(name, signal);
    const back = await store().open(name, signal);
    expect(await readText(back)).toBe("cats");
    expect(toPin(back)).not.toEqual(toPin(after));
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
