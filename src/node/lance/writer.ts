/** The one writer of a collection: commits of whole documents, and what follows them. */
import type { Table } from "@lancedb/lancedb";
import type { CollectionInfo, CollectionSpec } from "../../domain/collection.ts";
import { checkChange } from "../../stores/check.ts";
import type { CollectionWriter, DocumentState } from "../../stores/store.ts";
import type { Lock } from "../lock.ts";
import { toAnalyser } from "./analyser.ts";
import type { LanceBase } from "./base.ts";
import { applyChange, readContents } from "./commit.ts";
import { readDocuments } from "./documents.ts";
import { updateIndexes } from "./indexer.ts";
import { retryConflicts } from "./retry-conflicts.ts";
import { readSpec } from "./schema.ts";
import { readInfo } from "./snapshot.ts";
import { createTermCounter, type TermCounter } from "./term-counter.ts";
import { loadTerms, saveTerms } from "./term-store.ts";
import type { TermTable } from "./term-table.ts";
import { verifyTable } from "./verify.ts";

/** Old versions stay at least this long: no run that reads one lasts longer. */
const GRACE_MS = 3_600_000;
/** Contents read and counted at a time. */
const COUNT_BATCH = 2_000;

interface WriterOptions {
  readonly base: LanceBase;
  readonly table: Table;
  readonly lock: Lock;
  /** Called after everything readers of this process should see at once. */
  readonly onChange: () => void;
}

/** What the writer knows of the table without reading it again. */
interface State {
  info: CollectionInfo;
  documents: Map<string, DocumentState>;
  saved: TermTable | undefined;
  /** Counts at the table's version; `undefined` when they have to be made by reading everything. */
  counter: TermCounter | undefined;
}

/** Opens the writer of an open, locked table. */
export async function createWriter(options: WriterOptions): Promise<CollectionWriter> {
  const { base, table, lock, onChange } = options;
  const spec = readSpec(await table.schema(), table.name);
  const state = await readState(base, table, spec);
  const guard = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    retryConflicts({ clock: base.clock, table, signal }, work);

  const index = async (signal: AbortSignal, progress: (step: string) => void): Promise<void> => {
    const cleanupOlderThan = new Date(Date.now() - GRACE_MS);
    const trainedRows = await guard(signal, () =>
      updateIndexes(table, spec, {
        cleanupOlderThan,
        trainedRows: state.saved?.trainedRows ?? 0,
        progress(step) {
          signal.throwIfAborted(); // between native calls is the only place
          progress(step);
        },
      }),
    );
    signal.throwIfAborted();
    progress("term statistics");
    state.counter ??= await countTerms(table, spec, signal);
    const at = { version: await table.version(), trainedRows };
    const terms = await state.counter.toTable(at);
    await guard(signal, () => saveTerms(base.connection, spec.name, terms, cleanupOlderThan));
    state.saved = terms;
    state.info = await readInfo(table, spec);
    onChange();
  };

  return {
    get info() {
      return state.info;
    },
    async documents(signal) {
      signal.throwIfAborted();
      return new Map(state.documents);
    },
    async commit(change, signal) {
      signal.throwIfAborted();
      checkChange(spec, change);
      const { counter } = state;
      state.counter = undefined; // unknown until the commit has happened or has not
      const report = await guard(signal, () =>
        applyChange({ ...options, spec, counter, documents: state.documents }, change),
      );
      state.counter = counter;
      state.info = await readInfo(table, spec);
      onChange();
      return report;
    },
    async index(signal, progress = () => {}) {
      // Statistics are saved last: where they are of this version, everything before them was done.
      if (state.saved?.version !== state.info.version) await index(signal, progress);
    },
    verify: (signal) =>
      guard(signal, () => verifyTable({ table, spec, saved: state.saved, signal })),
    optimize: (signal) => index(signal, () => {}),
    close: () => lock.release(),
  };
}

async function readState(base: LanceBase, table: Table, spec: CollectionSpec): Promise<State> {
  const info = await readInfo(table, spec);
  const documents = await readDocuments(table);
  const saved = await loadTerms(base.connection, spec.name);
  const analyser = toAnalyser(spec);
  let counter: TermCounter | undefined;
  if (info.chunks === 0) counter = createTermCounter(analyser);
  else if (saved?.version === info.version) counter = createTermCounter(analyser, saved);
  return { info, documents, saved, counter };
}

/** Counts every chunk; needed when a run ended between its commit and its statistics. */
export async function countTerms(
  table: Table,
  spec: CollectionSpec,
  signal: AbortSignal,
): Promise<TermCounter> {
  const counter = createTermCounter(toAnalyser(spec));
  for await (const contents of readContents(table, undefined, COUNT_BATCH)) {
    signal.throwIfAborted();
    await counter.add(contents);
  }
  return counter;
}
