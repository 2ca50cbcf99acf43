/** Vectors that were paid for, kept on disk by embedder and text: an interrupted run or another collection pays nothing twice. */
import { hash, randomUUID } from "node:crypto";
import { appendFile, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Embedder } from "../../src/models/model.ts";
import { isFolder } from "../../src/node/files/is-folder.ts";

export interface EmbeddingCacheOptions {
  /** A folder of its own; made when it is missing. */
  readonly folder: string;
  /** The oldest files go first when all of them are larger. */
  readonly bytesMax: number;
}

const KEY_BYTES = 16;
/** Key, number of components, the components, CRC-32 of all of it. */
const HEAD_BYTES = KEY_BYTES + 4;
const SUM_BYTES = 4;
const DIMENSIONS_MAX = 8_192;

interface Found {
  readonly path: string;
  readonly at: number;
  readonly dimensions: number;
}

export interface EmbeddingCache {
  readonly embedder: Embedder;
  /** Is the vector of this text there? */
  has(text: string): boolean;
}

/** Beside the tables, or on this machine where those lie in object storage. */
export function toCacheFolder(dataDir: string): string {
  return isFolder(dataDir) ? join(dataDir, "embeddings") : join(tmpdir(), "tributary-embeddings");
}

/**
 * The same embedder, which asks only for document texts whose vectors are not on disk. Each run writes a file of
 * its own, so that runs at the same time do not meet; of a record that was cut off or damaged nothing is used.
 * An embedder's vectors have one length; what an endpoint gave of another one is not kept, as the next try would fail by it.
 * A cache that cannot be written costs money and no answer: the run goes on, and `onTrouble` is told once.
 */
export async function openEmbeddingCache(
  embedder: Embedder,
  { folder, bytesMax }: EmbeddingCacheOptions,
  onTrouble: (thrown: unknown) => void,
): Promise<EmbeddingCache> {
  const own = join(folder, hash("sha256", embedder.id, "hex").slice(0, 16));
  const index = new Map<string, Found>();
  let path: string | undefined = join(own, `${Date.now()}-${randomUUID().slice(0, 8)}.vectors`);
  try {
    await mkdir(own, { recursive: true });
    for (const name of await trim(own, bytesMax)) await readKeys(join(own, name), index);
  } catch (thrown) {
    path = undefined;
    onTrouble(thrown);
  }
  let written = 0;
  let dimensions = keepCommon(index);

  const store = async (
    texts: readonly string[],
    vectors: readonly (Float32Array | undefined)[],
  ): Promise<void> => {
    if (path === undefined) return;
    dimensions ??= vectors.find((vector) => vector !== undefined)?.length;
    const records = texts.flatMap((text, at) => {
      const vector = vectors[at];
      return vector?.length === dimensions && vector !== undefined
        ? [toRecord(toKey(text), vector)]
        : [];
    });
    try {
      await appendFile(path, Buffer.concat(records), { flush: true });
    } catch (thrown) {
      path = undefined;
      onTrouble(thrown);
      return;
    }
    for (const record of records) {
      const place = { path, at: written, dimensions: record.readUInt32LE(KEY_BYTES) };
      index.set(record.toString("hex", 0, KEY_BYTES), place);
      written += record.length;
    }
  };

  return {
    has: (text) => index.has(toKey(text)),
    embedder: {
      ...embedder,
      async embed(texts, kind, signal) {
        if (kind !== "document") return embedder.embed(texts, kind, signal);
        const cached = await Promise.all(texts.map(async (text) => read(index.get(toKey(text)))));
        const missing = texts.filter((_, at) => cached[at] === undefined);
        if (missing.length === 0) return cached;
        const fresh = await embedder.embed(missing, kind, signal);
        // A wrong number of vectors is for the caller to refuse.
        if (fresh.length !== missing.length) return fresh;
        await store(missing, fresh);
        let next = 0;
        return cached.map((vector) => vector ?? fresh[next++]);
      },
    },
  };
}

/** Keeps the vectors of the length that most have, and gives it. */
function keepCommon(index: Map<string, Found>): number | undefined {
  const counts = new Map<number, number>();
  for (const { dimensions } of index.values()) {
    counts.set(dimensions, (counts.get(dimensions) ?? 0) + 1);
  }
  const [common] = [...counts].toSorted(([, one], [, other]) => other - one);
  for (const [key, { dimensions }] of index) if (dimensions !== common?.[0]) index.delete(key);
  return common?.[0];
}

function toKey(text: string): string {
  return hash("sha256", text, "hex").slice(0, 2 * KEY_BYTES);
}

function toRecord(key: string, vector: Float32Array): Buffer {
  const record = Buffer.alloc(HEAD_BYTES + vector.byteLength + SUM_BYTES);
  record.write(key, "hex");
  record.writeUInt32LE(vector.length, KEY_BYTES);
  for (const [at, value] of vector.entries()) record.writeFloatLE(value, HEAD_BYTES + 4 * at);
  const end = record.length - SUM_BYTES;
  record.writeUInt32LE(crc32(record.subarray(0, end)), end);
  return record;
}

/** The keys of a file with the places of their vectors. What follows a cut record is not used. */
async function readKeys(path: string, index: Map<string, Found>): Promise<void> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const head = Buffer.alloc(HEAD_BYTES);
  for (let at = 0; at + HEAD_BYTES <= size;) {
    await file.read(head, 0, HEAD_BYTES, at);
    const dimensions = head.readUInt32LE(KEY_BYTES);
    const next = at + HEAD_BYTES + 4 * dimensions + SUM_BYTES;
    if (dimensions < 1 || dimensions > DIMENSIONS_MAX || next > size) return;
    index.set(head.toString("hex", 0, KEY_BYTES), { path, at, dimensions });
    at = next;
  }
}

/** The vector, unless its record is not what was written: then it is asked for again. */
async function read(found: Found | undefined): Promise<Float32Array | undefined> {
  if (found === undefined) return undefined;
  try {
    await using file = await open(found.path, "r");
    const record = Buffer.alloc(HEAD_BYTES + 4 * found.dimensions + SUM_BYTES);
    await file.read(record, 0, record.length, found.at);
    const end = record.length - SUM_BYTES;
    if (crc32(record.subarray(0, end)) !== record.readUInt32LE(end)) return undefined;
    return Float32Array.from({ length: found.dimensions }, (_, at) =>
      record.readFloatLE(HEAD_BYTES + 4 * at),
    );
  } catch {
    return undefined; // another run made room: the text is embedded again
  }
}

/** Removes the oldest files until the rest is small enough; their names tell their age. Returns the names of the rest. */
async function trim(folder: string, bytesMax: number): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".vectors")).toSorted();
  const kept: string[] = [];
  let bytes = 0;
  for (const name of names.toReversed()) {
    bytes += (await stat(join(folder, name))).size;
    if (bytes <= bytesMax) kept.push(name);
    else await rm(join(folder, name), { force: true });
  }
  return kept;
}
