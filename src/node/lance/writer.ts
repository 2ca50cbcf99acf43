/** The one writer of a collection: commits of whole documents, and what follows them. */
import type { Table } from "@lancedb/lancedb";
import type { CollectionInfo, CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { checkChange } from "../../stores/check.ts";
import type { Change, CollectionWriter, CommitReport, DocumentState } from "../../stores/store.ts";
import { moveAside } from "../durable/files.ts";
import type { Lock } from "../files/lock.ts";
import { toAnalyser } from "./analyser.ts";
import type { LanceBase } from "./base.ts";
import { applyChange, readContents, writeHashes } from "./commit.ts";
import { readDocuments } from "./documents.ts";
import { dropDeleted } from "./drop-deleted.ts";
import { type Durability, openDurability } from "./durability.ts";
import { type IndexOptions, updateIndexes } from "./indexer.ts";
import { type Place, toPaths } from "./place.ts";
import { findOverdue, GRACE_MS, OVERDUE, TERMS_GRACE_MS } from "./overdue.ts";
import { retryConflicts } from "./retry-conflicts.ts";
import { readSpec } from "./schema.ts";
import { readInfo } from "./snapshot.ts";
import { isConflict } from "./store-error.ts";
import { createTermCounter, type TermCounter } from "./term-counter.ts";
import { cleanTerms, loadTerms, saveTerms } from "./term-store.ts";
import type { TermTable } from "../../stores/lance/term-table.ts";
import { verifyTable } from "./verify.ts";

/** Contents read and counted at a time. */
const COUNT_BATCH = 2_000;

interface WriterOptions {
  readonly base: LanceBase;
  readonly place: Place;
  readonly table: Table;
  readonly lock: Lock;
  /** What was wrong with the table when it was opened, a line each. */
  readonly recovered: readonly string[];
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
  /** Chunks that came or went since the indexes were written; `undefined` when that is not known. */
  changedRows: number | undefined;
}

/** What the writer's work shares. */
interface Session extends Omit<WriterOptions, "lock" | "recovered"> {
  readonly spec: CollectionSpec;
  readonly state: State;
  readonly durability: Durability;
  /** Work that is done again, on the newest version, when another commit came between. */
  readonly guard: <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
}

/** Opens the writer of an open, locked table. */
export async function createWriter(options: WriterOptions): Promise<CollectionWriter> {
  const { base, place, table, onChange } = options;
  const { collection } = place;
  const spec = readSpec(await table.schema(), collection);
  const durability = await openDurability(base, place);
  const state = await readState(base, place, table, spec);
  // What was committed before this and not acknowledged was looked through by the recovery.
  await durability.acknowledge(state.info);
  const { lock } = options;
  const check = async (): Promise<void> => lock.check?.();
  const guard: Session["guard"] = (signal, work) =>
    retryConflicts({ clock: base.clock, table, collection, signal, check }, work);
  const session: Session = { ...options, spec, state, durability, guard };

  return {
    recovered: options.recovered,
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
      const report = await guard(signal, async () => commit(session, change));
      state.info = await readInfo(table, spec);
      await durability.acknowledge(state.info);
      onChange();
      return report;
    },
    async rehash(hashes, signal) {
      signal.throwIfAborted();
      await guard(signal, async () => rehash(session, hashes));
      state.info = await readInfo(table, spec);
      await durability.acknowledge(state.info);
      onChange();
    },
    async index(signal, progress = () => {}) {
      // Statistics are saved last: where they are of this version, everything before them was done.
      if (state.saved?.version === state.info.version) return true;
      try {
        await index(session, signal, { extent: "enough", progress });
        return true;
      } catch (thrown) {
        // The data is committed, and no index is worth failing for: whoever comes between makes it too.
        if (thrown instanceof AppError && isConflict(thrown.cause)) return false;
        throw thrown;
      }
    },
    verify: (signal) =>
      guard(signal, async () => {
        const { lines } = await verifyTable({ table, spec, saved: state.saved, signal });
        return lines;
      }),
    async optimize(signal, progress = () => {}) {
      signal.throwIfAborted();
      const isAnew = await guard(signal, async () => dropDeleted(table));
      await index(session, signal, { extent: isAnew ? "anew" : "all", progress });
    },
    close: () => options.lock.release(),
  };
}

async function commit(session: Session, change: Change): Promise<CommitReport> {
  const { table, spec, state } = session;
  await catchUp(session);
  const { counter, info, changedRows } = state;
  // Unknown until the commit has happened or has not.
  [state.counter, state.changedRows] = [undefined, undefined];
  const report = await applyChange({ table, spec, counter, documents: state.documents }, change);
  if (report.version <= info.version + 1) {
    state.counter = counter;
    const { chunksAdded, chunksRemoved } = report;
    if (changedRows !== undefined) state.changedRows = changedRows + chunksAdded + chunksRemoved;
  } else {
    state.documents = await readDocuments(table);
  }
  return report;
}

/** The texts stay as they are, and with them the counts, unless another writer came between. */
async function rehash(session: Session, hashes: ReadonlyMap<string, string>): Promise<void> {
  const { table, state } = session;
  await catchUp(session);
  const { info } = state;
  const version = await writeHashes(table, hashes);
  if (version > info.version + 1) state.counter = undefined;
  state.documents = await readDocuments(table);
}

/** Past the lock another writer may have been here: then nothing that is remembered holds. */
async function catchUp({ base, place, table, spec, state }: Session): Promise<void> {
  if ((await table.version()) === state.info.version) return;
  Object.assign(state, await readState(base, place, table, spec));
}

async function index(
  session: Session,
  signal: AbortSignal,
  { extent, progress }: Pick<IndexOptions, "extent" | "progress">,
): Promise<void> {
  const { table, spec, state, durability, guard } = session;
  const { changedRows } = state;
  const indexed = await guard(signal, () =>
    updateIndexes(table, spec, {
      trainedRows: state.saved?.trainedRows ?? 0,
      changedRows,
      extent,
      progress(step) {
        signal.throwIfAborted(); // between native calls is the only place
        progress(step);
      },
    }),
  );
  signal.throwIfAborted();
  progress("term statistics");
  state.counter ??= await countTerms(table, spec, signal);
  state.changedRows = indexed.changedRows ?? 0;
  const { trainedRows } = indexed;
  await saveStatistics(session, { counter: state.counter, trainedRows }, signal);
  await durability.acknowledge(state.info);
  session.onChange();
  await cleanUp(session, signal, extent === "enough" ? OVERDUE : 1);
}

/** As those of the table's newest version. */
async function saveStatistics(
  { base, place, table, spec, state, guard }: Session,
  { counter, trainedRows }: { readonly counter: TermCounter; readonly trainedRows: number },
  signal: AbortSignal,
): Promise<void> {
  const { changedRows = 0 } = state;
  const terms = await counter.toTable({ version: await table.version(), trainedRows, changedRows });
  await guard(signal, () => saveTerms(base.connection, place.table, terms));
  state.saved = terms;
  state.info = await readInfo(table, spec);
}

/** Old versions go only after the new one is on disk, and when no run can be reading them any more. */
async function cleanUp(session: Session, signal: AbortSignal, overdue: number): Promise<void> {
  const { base, place, table, spec, state, durability, guard } = session;
  const before = new Date(Date.now() - GRACE_MS);
  const termsBefore = new Date(Date.now() - TERMS_GRACE_MS);
  const isOverdue = await findOverdue(session, overdue);
  if (!isOverdue.rows && !isOverdue.terms) return;
  await durability.cleanUp(
    () => state.info,
    async () => {
      if (isOverdue.rows) {
        await guard(signal, async () => table.optimize({ cleanupOlderThan: before }));
      }
      const { counter, saved } = state;
      // Clearing up makes a version of its own at times, with the same rows.
      if (counter !== undefined && (await table.version()) !== saved?.version) {
        const trainedRows = saved?.trainedRows ?? 0;
        await saveStatistics(session, { counter, trainedRows }, signal);
      }
      await guard(signal, async () => cleanTerms(base.connection, place.table, termsBefore));
      state.info = await readInfo(table, spec);
    },
  );
  session.onChange();
}

async function readState(
  base: LanceBase,
  place: Place,
  table: Table,
  spec: CollectionSpec,
): Promise<State> {
  const info = await readInfo(table, spec);
  const documents = await readDocuments(table);
  const saved = await loadOwnTerms(base, place);
  const analyser = toAnalyser(spec);
  let counter: TermCounter | undefined;
  if (info.chunks === 0) counter = createTermCounter(analyser);
  else if (saved?.version === info.version) counter = createTermCounter(analyser, saved);
  // Without statistics of this version nobody knows what came since.
  const changedRows = counter === undefined ? undefined : (saved?.changedRows ?? 0);
  return { info, documents, saved, counter, changedRows };
}

/** Statistics that cannot be read are moved aside, as they are counted again at the end of the run. */
async function loadOwnTerms(base: LanceBase, place: Place): Promise<TermTable | undefined> {
  try {
    return await loadTerms(base.connection, place.table);
  } catch {
    // On object storage the next statistics take their place.
    if (!base.local) return undefined;
    const { terms, quarantine } = toPaths(base, place);
    await moveAside(terms, quarantine);
    return undefined;
  }
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
