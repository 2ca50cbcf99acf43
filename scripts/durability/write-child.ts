/** Writes documents into a store until it is stopped, and says after each commit which ones are acknowledged. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CollectionWriter, WriteStore } from "../../src/stores/store.ts";
import { COLLECTION, NEVER, openStore, SPEC, toDocument } from "./measure.ts";

const DOCUMENTS_EACH = 10;
const INDEX_EVERY = 3;

const [folder = "", from = "0", batches = "1000000", tag = "first", mode = ""] =
  process.argv.slice(2);
const store = await openStore(folder);
const writer = await open(store);
if (mode === "past-the-lock") await rm(join(folder, `${COLLECTION}.lock`), { force: true });
process.stdout.write("READY\n");
for (let batch = 1, at = Number(from); batch <= Number(batches); batch += 1) {
  const put = Array.from({ length: DOCUMENTS_EACH }, (_, index) =>
    toDocument(`d${at + index}`, tag),
  );
  await writer.commit({ put, remove: [] }, NEVER);
  at += DOCUMENTS_EACH;
  process.stdout.write(`ACK ${at}\n`);
  if (batch % INDEX_EVERY === 0) await writer.index(NEVER);
}
await writer.close();

/** Others may be making the same collection, and hold its lock for a moment. */
async function open(store: WriteStore): Promise<CollectionWriter> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await store.list(NEVER)).includes(COLLECTION)
        ? await store.openWriter(COLLECTION, NEVER)
        : await store.create(SPEC, NEVER);
    } catch (thrown) {
      if (mode !== "past-the-lock" || attempt >= 200) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
