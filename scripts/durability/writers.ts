/** Eight ingests of the same documents at once: with the lock, and past it. */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  CHUNKS_EACH,
  type Figure,
  inFolder,
  lastAcknowledged,
  openStore,
  readAll,
  say,
  start,
} from "./measure.ts";

const WRITERS = 8;
const LOCKED = 75;

export async function measureWriters(batches: number): Promise<readonly Figure[]> {
  return [await measureLocked(), await measurePastTheLock(batches)];
}

async function measureLocked(): Promise<Figure> {
  return inFolder(async (folder) => {
    const docs = join(folder, "docs");
    mkdirSync(docs);
    cpSync("data/handbook", docs, { recursive: true });
    const env = { DATA_DIR: join(folder, "store") };
    const run = (): Promise<number | null> =>
      start("../../ingest/main.ts", [docs, "--collection", "same"], { env }).exit;
    const codes = await Promise.all(Array.from({ length: WRITERS }, run));
    const wrong = codes.filter((code) => code !== 0 && code !== LOCKED).length;
    const done = codes.filter((code) => code === 0).length;
    const verified = await start("../../ingest/main.ts", ["verify"], { env }).exit;
    return {
      what: `${WRITERS} ingests of the same files at once`,
      figure: `${done} done, ${WRITERS - done - wrong} told to wait, ${wrong} failed; verify ends with ${String(verified)}`,
      goal: "0 failed, sound",
      ok: done > 0 && wrong === 0 && verified === 0,
    };
  });
}

async function measurePastTheLock(batches: number): Promise<Figure> {
  return inFolder(async (folder) => {
    const each = Math.max(1, Math.round(batches / WRITERS));
    const children = Array.from({ length: WRITERS }, (_, index) =>
      start("write-child.ts", [folder, "0", String(each), `writer${index}`, "past-the-lock"]),
    );
    const codes = await Promise.all(children.map((child) => child.exit));
    for (const [index, code] of codes.entries()) {
      if (code !== 0) say((children[index]?.output() ?? "").slice(-400));
    }
    const failed = codes.filter((code) => code !== 0).length;
    const acknowledged = Math.max(...children.map((child) => lastAcknowledged(child.output(), 0)));
    let [doubled, lost] = [0, 0];
    try {
      const { documents, chunks } = await readAll(await openStore(folder));
      lost = acknowledged - documents.size;
      doubled = chunks - documents.size * CHUNKS_EACH;
    } catch (thrown) {
      say(String(thrown).slice(0, 400));
      doubled += 1;
    }
    return {
      what: `${WRITERS} processes past the lock, ${each * WRITERS} batches of the same documents`,
      figure: `${doubled} doubled, ${lost} lost (${failed} writers gave up)`,
      goal: "0, 0",
      ok: doubled === 0 && lost === 0 && acknowledged > 0,
    };
  });
}
