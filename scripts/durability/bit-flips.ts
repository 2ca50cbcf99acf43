/** Single flipped bits in every class of file: the doctor must find each, and no reader may be given a changed chunk. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import type { Chunk } from "../../src/domain/chunk.ts";
import { listFiles } from "../../src/node/durable/files.ts";
import { examineStore } from "../../src/node/lance/doctor.ts";
import {
  COLLECTION,
  type Figure,
  inFolder,
  NEVER,
  openStore,
  say,
  SPEC,
  toDocument,
} from "./measure.ts";

const DOCUMENTS = 400;

export async function measureBitFlips(each: number): Promise<readonly Figure[]> {
  return inFolder(async (whole) => {
    await fill(whole);
    const classes = Map.groupBy(await listFiles(whole), toClass);
    let [flips, found, served] = [0, 0, 0];
    for (const [kind, names] of classes) {
      let missed = 0;
      for (let flip = 0; flip < each; flip += 1) {
        const name = names[Math.floor(Math.random() * names.length)] ?? "";
        const bytes = await readFile(join(whole, name));
        if (bytes.length === 0) continue;
        const at = Math.floor(Math.random() * bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
        // A copy for each: a reader that brings an older version back writes its journal anew.
        await inFolder(async (folder) => {
          await cp(whole, folder, { recursive: true });
          await writeFile(join(folder, name), bytes);
          flips += 1;
          if (await isFound(folder)) found += 1;
          else {
            missed += 1;
            say(`MISSED: ${name} byte ${at}`);
          }
          served += await countServed(folder);
        });
      }
      say(`flips: ${kind}, ${names.length} files, ${missed} missed`);
    }
    return [
      {
        what: `${flips} flipped bits in ${classes.size} classes of files`,
        figure: `${found} found by the doctor, ${served} changed chunks served`,
        goal: `${flips}, 0`,
        ok: found === flips && served === 0 && flips > 0,
      },
    ];
  });
}

/** Two generations, several commits, every index. */
async function fill(folder: string): Promise<void> {
  const store = await openStore(folder);
  const first = await store.create(SPEC, NEVER);
  await first.commit({ put: [toDocument("old", "before")], remove: [] }, NEVER);
  await first.index(NEVER);
  await first.close();
  const writer = await store.generations?.begin({ ...SPEC, language: "none" }, NEVER);
  if (writer === undefined) throw new Error("the store has no generations");
  const documents = Array.from({ length: DOCUMENTS }, (_, at) => toDocument(`d${at}`, "first"));
  await writer.commit({ put: documents, remove: [] }, NEVER);
  await writer.commit({ put: documents.slice(0, 3), remove: ["d9"] }, NEVER);
  await writer.index(NEVER);
  await writer.publish(NEVER);
  await writer.close();
}

function toClass(name: string): string {
  const [top = "", below = ""] = name.split("/");
  const part = top.endsWith(".terms.lance") ? "terms" : "";
  return below === ""
    ? basename(top).replace(/^.*\./, "")
    : `${part}${below}/${name.replace(/^.*\./, "")}`;
}

async function isFound(folder: string): Promise<boolean> {
  const config = parseConfig({ DATA_DIR: folder });
  const options = { uri: folder, config, clock: systemClock };
  const { findings } = await examineStore(options, { fix: false }, NEVER);
  return findings.some(({ state }) => state === "damaged");
}

/** Chunks that are given out and are not what was written. An error is no answer, and no answer cites. */
async function countServed(folder: string): Promise<number> {
  try {
    const store = await openStore(folder);
    const snapshot = await store.open(COLLECTION, NEVER);
    const [first] = toDocument("d1", "first").chunks;
    if (first?.vector === undefined) return 0;
    const options = { limit: 1_000, timeoutMs: 5_000 };
    const byVector = await snapshot.search(
      { type: "vector", vector: first.vector, ...options },
      NEVER,
    );
    const chunks = await snapshot.take(
      byVector.map(({ row }) => row),
      NEVER,
    );
    return chunks.filter((chunk) => chunk !== undefined && !isAsWritten(chunk)).length;
  } catch (thrown) {
    return thrown instanceof TypeError ? Promise.reject(thrown) : 0;
  }
}

function isAsWritten(chunk: Chunk): boolean {
  const tag = chunk.documentId === "old" ? "before" : "first";
  const written = toDocument(chunk.documentId, tag).chunks[chunk.position]?.chunk;
  return JSON.stringify(toFields(written)) === JSON.stringify(toFields(chunk));
}

function toFields(chunk: Chunk | undefined): readonly unknown[] {
  return [chunk?.id, chunk?.title, chunk?.text, chunk?.start, chunk?.end, chunk?.location.headings];
}
