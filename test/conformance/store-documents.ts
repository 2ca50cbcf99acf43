/** What every store promises of its documents: each is listed once, in the order of ids, from any place on. */
import { describe, expect, test } from "vitest";
import type { CollectionWriter, Snapshot, WriteStore } from "../../src/stores/store.ts";
import { spec, toDocument } from "./store-data.ts";

const signal = new AbortController().signal;

interface Subject {
  readonly store: () => WriteStore;
  readonly writer: () => CollectionWriter;
}

export function describeDocuments({ store, writer }: Subject): void {
  const open = (): Promise<Snapshot> => store().open(spec.name, signal);

  describe("documents", () => {
    test("are listed with their hashes, by the writer and page by page", async () => {
      const documents = ["b", "a", "o'clock", "é", "😀", "z"].map((id) => toDocument(id, [id, id]));
      await writer().commit({ put: documents, remove: [] }, signal);
      const states = await writer().documents(signal);
      expect([...states.keys()].toSorted()).toEqual(documents.map(({ id }) => id).toSorted());
      expect(states.get("a")).toEqual({
        id: "a",
        title: "a",
        source: "a.md",
        hash: "hash of a|a",
        chunks: 2,
      });
      const snapshot = await open();
      const paged: string[] = [];
      for (let after: string | undefined; ; after = paged.at(-1)) {
        const page = await snapshot.documents(
          { limit: 2, ...(after === undefined ? {} : { after }) },
          signal,
        );
        paged.push(...page.map(({ id }) => id));
        if (page.length < 2) break;
      }
      expect(paged).toEqual(["a", "b", "o'clock", "z", "é", "😀"]);
      for (const [from, expected] of [
        ["o'clock", ["o'clock", "z"]],
        ["o", ["o'clock", "z"]],
        ["", ["a", "b"]],
      ] as const) {
        const page = await snapshot.documents({ from, limit: 2 }, signal);
        expect(page.map(({ id }) => id)).toEqual(expected);
      }
    });

    test("are read and counted as they were when the snapshot was opened, whatever was committed since", async () => {
      const commit = async (id: string, texts: readonly string[]): Promise<void> => {
        await writer().commit({ put: [toDocument(id, texts)], remove: [] }, signal);
        await writer().index(signal);
      };
      const part = { documentId: "a", from: 0, limit: 9 };
      await commit("a", ["red cats", "red dogs"]);
      const old = await open();
      const rows = await old.rowsOf(part, signal);
      const counts = await old.terms("red blue", signal);
      await commit("b", ["red birds"]);
      expect(await old.terms("red blue", signal)).toEqual(counts);
      await commit("a", ["blue"]);
      expect(await old.rowsOf(part, signal)).toEqual(rows);
      expect(await old.terms("red blue", signal)).toEqual(counts);
      expect(await (await open()).rowsOf(part, signal)).toHaveLength(1);
    });

    test("each is known by its id, and no other is taken for it", async () => {
      const put = [toDocument("b", ["1"]), toDocument("o'clock", ["1", "2"])];
      await writer().commit({ put, remove: [] }, signal);
      const snapshot = await open();
      const count = async (id: string) => (await snapshot.document?.(id, signal))?.chunks;
      expect(await count("o'clock")).toBe(2);
      for (const id of ["a", "o", "z"]) expect(await count(id)).toBeUndefined();
    });
  });
}
