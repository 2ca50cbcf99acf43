/** What the durability measures share: rows of results, a store of small documents, and a look at everything in it. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import type { CollectionSpec } from "../../src/domain/collection.ts";
import { createLanceStore } from "../../src/node/lance/lance-store.ts";
import type { DocumentWrite, WriteStore } from "../../src/stores/store.ts";

/** One line of a measure. */
export interface Figure {
  readonly what: string;
  readonly figure: string;
  readonly goal: string;
  readonly ok: boolean;
}

export const COLLECTION = "durable";
const DIMENSIONS = 16;
export const SPEC: CollectionSpec = {
  name: COLLECTION,
  embedder: "test:durable",
  dimensions: DIMENSIONS,
  chunker: "test",
  language: "english",
  tokenizer: "words",
  metadata: {},
};
export const CHUNKS_EACH = 3;
export const { signal: NEVER } = new AbortController();

export function openStore(folder: string): Promise<WriteStore> {
  const config = parseConfig({ DATA_DIR: folder, FRESHNESS_MS: "200" });
  return createLanceStore({ uri: folder, config, clock: systemClock });
}

/** A document of three chunks; each of them bears the tag, so that old and new ones can be told apart. */
export function toDocument(id: string, tag: string): DocumentWrite {
  const text = `Document ${id} says ${tag} about retries.`;
  const chunks = Array.from({ length: CHUNKS_EACH }, (_, position) => ({
    chunk: {
      id: `${id}#${position}`,
      documentId: id,
      position,
      title: id,
      location: { headings: [] },
      start: position * text.length,
      end: (position + 1) * text.length,
      text,
      metadata: {},
    },
    vector: toVector(id, position),
  }));
  return { id, title: id, source: id, hash: `${id}-${tag}`, metadata: {}, chunks };
}

function toVector(id: string, position: number): Float32Array {
  const seed = crc32(id) + position;
  const values = Float32Array.from({ length: DIMENSIONS }, (_, at) => Math.sin(seed * (at + 1)));
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-durability-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Contents {
  /** Chunks of each document, with its tags. */
  readonly documents: ReadonlyMap<string, readonly string[]>;
  readonly chunks: number;
}

/** Everything a reader can see, by taking the chunks. Throws AppError as the store does. */
export async function readAll(store: WriteStore): Promise<Contents> {
  const writer = await store.openWriter(COLLECTION, NEVER);
  try {
    const faults = await writer.verify(NEVER);
    const real = faults.filter((fault) => !/index|statistics/.test(fault));
    if (real.length > 0) throw new Error(real.join("; "));
    const states = await writer.documents(NEVER);
    const tags = [...states.values()].map(
      ({ id, hash, chunks }) =>
        [id, Array.from({ length: chunks }, () => hash.slice(id.length + 1))] as const,
    );
    return { documents: new Map(tags), chunks: writer.info.chunks };
  } finally {
    await writer.close();
  }
}

export interface Child {
  readonly pid: number;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
  kill(): void;
}

/** Runs a program of this project; `before` goes in front of it, such as strace. */
export function start(
  script: string,
  args: readonly string[],
  { before = [], env = {} }: { before?: readonly string[]; env?: Record<string, string> } = {},
): Child {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const [command = process.execPath, ...rest] = [...before, process.execPath, file, ...args];
  const child = spawn(command, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", MALLOC_ARENA_MAX: "1", ...env },
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    output: () => output,
    exit,
    // With everything it started: strace does not hand on what it cannot catch.
    kill: () => killGroup(pid),
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (thrown) {
    // It has ended by itself.
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

/** The last number a child said it had acknowledged. */
export function lastAcknowledged(output: string, otherwise: number): number {
  const found = [...output.matchAll(/^ACK (\d+)$/gm)].at(-1)?.[1];
  return found === undefined ? otherwise : Number(found);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
