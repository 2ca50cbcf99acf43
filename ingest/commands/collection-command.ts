/** `pnpm ingest list | show | drop | rollback | verify | optimize`: collections as a whole. */
import { createInterface } from "node:readline/promises";
import type { CollectionInfo } from "../../src/domain/collection.ts";
import { AppError } from "../../src/errors.ts";
import type { CollectionWriter, WriteStore } from "../../src/stores/store.ts";
import { countOf } from "../../src/text/count-of.ts";
import { formatFields } from "../collection/open-collection.ts";
import { formatCount } from "./progress.ts";
import type { CollectionCommand } from "./arguments.ts";
import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";
import type { Output } from "./output.ts";

/** Throws AppError as the store does. */
export async function runCollectionCommand(
  { action, collection, yes }: CollectionCommand,
  store: WriteStore,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  switch (action) {
    case "list":
      return list(store, output, signal);
    case "show":
      return show(collection ?? "", store, output, signal);
    case "drop":
      await checkThere(collection ?? "", store, signal);
      await confirm(collection ?? "", yes, signal);
      await store.drop(collection ?? "", signal);
      output.data({ collection, dropped: true });
      output.line(`${collection}: dropped`);
      return EXIT_CODES.ok;
    case "rollback":
      return rollback(collection ?? "", store, output, signal);
    case "verify":
      return verify(await toNames(collection, store, signal), store, output, signal);
    case "optimize":
      return optimize(await toNames(collection, store, signal), store, output, signal);
    default:
      return action satisfies never;
  }
}

async function toNames(
  collection: string | undefined,
  store: WriteStore,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return collection === undefined ? store.list(signal) : [collection];
}

async function list(store: WriteStore, output: Output, signal: AbortSignal): Promise<ExitCode> {
  const infos: CollectionInfo[] = [];
  for (const name of await store.list(signal)) infos.push((await store.open(name, signal)).info);
  output.data({ collections: infos });
  const width = Math.max(0, ...infos.map(({ name }) => name.length));
  for (const { name, documents, chunks, embedder } of infos) {
    const counts = `${countOf(documents, "document")}, ${countOf(chunks, "chunk")}`;
    output.line(`${name.padEnd(width)}  ${counts}, ${embedder}`);
  }
  if (infos.length === 0) output.line(`no collections in ${store.kind}`);
  return EXIT_CODES.ok;
}

async function show(
  collection: string,
  store: WriteStore,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { info } = await store.open(collection, signal);
  output.data(info);
  const rows = [
    ["documents", formatCount(info.documents)],
    ["chunks", formatCount(info.chunks)],
    ["embedder", `${info.embedder} (${info.dimensions} dimensions)`],
    ["chunker", info.chunker],
    ["language", `${info.language} (tokenizer ${info.tokenizer})`],
    ["metadata", formatFields(info.metadata)],
    ["version", String(info.version)],
  ] as const;
  output.line(info.name);
  for (const [name, value] of rows) output.line(`  ${name.padEnd(9)}  ${value}`);
  return EXIT_CODES.ok;
}

/** Nobody is asked whether nothing may be dropped. What cannot be opened is there, and may be. */
async function checkThere(
  collection: string,
  store: WriteStore,
  signal: AbortSignal,
): Promise<void> {
  try {
    await store.open(collection, signal);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "collection_not_found") throw thrown;
  }
}

/** On a terminal the user is asked; a program must say --yes. */
async function confirm(collection: string, yes: boolean, signal: AbortSignal): Promise<void> {
  if (yes) return;
  const refused = new AppError("invalid_request", {
    detail: `${collection} was not dropped: confirm with --yes`,
  });
  if (!process.stdin.isTTY) throw refused;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `Delete the collection ${collection} and everything in it? [y/N] `;
    const answer = await terminal.question(question, { signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw refused;
  } finally {
    terminal.close();
  }
}

async function rollback(
  collection: string,
  store: WriteStore,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (store.generations === undefined) {
    throw new AppError("unsupported_option", { detail: "this store keeps one generation only" });
  }
  const info = await store.generations.rollback(collection, signal);
  output.data(info);
  output.line(
    `${collection}: back to the generation with ${countOf(info.documents, "document")}, ${info.embedder}, ${info.chunker}, ${info.language}`,
  );
  return EXIT_CODES.ok;
}

async function verify(
  names: readonly string[],
  store: WriteStore,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const collections: { collection: string; faults: readonly string[] }[] = [];
  for (const collection of names) {
    const faults = await withWriter(store, collection, signal, (writer) => writer.verify(signal));
    collections.push({ collection, faults });
    if (faults.length === 0) output.line(`${collection}: sound`);
    for (const fault of faults) output.warn(`${collection}: ${fault}`);
  }
  output.data({ collections });
  return collections.every(({ faults }) => faults.length === 0) ? EXIT_CODES.ok : EXIT_CODES.partly;
}

async function optimize(
  names: readonly string[],
  store: WriteStore,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const collections: CollectionInfo[] = [];
  for (const collection of names) {
    const info = await withWriter(store, collection, signal, async (writer) => {
      // Of a large collection it takes minutes.
      await writer.optimize(signal, (step) => output.warn(`${collection}: ${step} …`));
      return writer.info;
    });
    collections.push(info);
    output.line(`${collection}: optimized, version ${info.version}`);
  }
  output.data({ collections });
  return EXIT_CODES.ok;
}

async function withWriter<T>(
  store: WriteStore,
  collection: string,
  signal: AbortSignal,
  work: (writer: CollectionWriter) => Promise<T>,
): Promise<T> {
  const writer = await store.openWriter(collection, signal);
  try {
    return await work(writer);
  } finally {
    await writer.close();
  }
}
