/** The one writer of a collection in its objects. */
import type { CollectionInfo } from "../../domain/collection.ts";
import { NEVER } from "../../async/never.ts";
import { checkChange } from "../../stores/check.ts";
import type { Change, CollectionWriter, CommitReport, DocumentState } from "../../stores/store.ts";
import { askEvery, askOthers, askParts, type Parts } from "./ask-parts.ts";
import { readPage, toInfo } from "./durable-snapshot.ts";
import type { PartInfo, Whole } from "./protocol.ts";
import { commitInStep, splitChange } from "./spread-change.ts";

const PAGE = 2_000;

/**
 * Locks all objects, and undoes in them what a writer before prepared and never showed. `onShown` is told
 * what readers see after each commit.
 * Throws AppError: collection_not_found, collection_unavailable, ingest_locked.
 */
export async function openWriter(
  parts: Parts,
  onShown: (first: PartInfo) => void,
  signal: AbortSignal,
): Promise<CollectionWriter> {
  const id = crypto.randomUUID();
  const { first, recovered } = await lockAll(parts, id, signal);
  return createWriter(parts, { id, info: toInfo(first), recovered, onShown });
}

/** The first object knows which version was shown last; the others are brought back to it. */
async function lockAll(
  parts: Parts,
  id: string,
  signal: AbortSignal,
): Promise<{ readonly first: PartInfo; readonly recovered: readonly string[] }> {
  const { objects, names } = parts;
  const first = await objects.collection(names[0] ?? "", signal, (stub) => stub.lock(id));
  if (first.whole === null) return { first, recovered: [] };
  const { version } = first.whole;
  const undone = await askParts(parts, signal, (stub) => stub.restore(id, version), {
    among: [...names.keys()].slice(1),
  });
  const recovered = [...undone].flatMap(([part, chunks]) =>
    chunks === 0
      ? []
      : [
          `object ${names[part] ?? ""} held a change of ${chunks} chunks that was never finished; it was undone`,
        ],
  );
  return { first, recovered };
}

interface Opened {
  /** Under which the objects know this writer. */
  readonly id: string;
  readonly info: CollectionInfo;
  readonly recovered: readonly string[];
  readonly onShown: (first: PartInfo) => void;
}

function createWriter(
  parts: Parts,
  { id, info: first, recovered, onShown }: Opened,
): CollectionWriter {
  let info = first;
  let shown: Whole | null = null;
  // After a change of which it is not known how far it came, the next one begins with what was shown.
  let isUnsure = false;
  const settle = async (signal: AbortSignal): Promise<void> => {
    if (!isUnsure) return;
    info = toInfo((await lockAll(parts, id, signal)).first);
    isUnsure = false;
  };
  const tidy = async (signal: AbortSignal): Promise<void> => {
    await settle(signal);
    await askEvery(parts, signal, (stub) => stub.tidy(id));
  };
  return {
    recovered,
    get info() {
      return info;
    },
    async documents(signal) {
      const all = new Map<string, DocumentState>();
      const { version } = info;
      for (let after: string | undefined; ;) {
        const page = { limit: PAGE, ...(after === undefined ? {} : { after }) };
        const found = await readPage(parts, { version, page }, signal);
        for (const state of found) all.set(state.id, state);
        after = found.at(-1)?.id;
        if (found.length < PAGE) return all;
      }
    },
    async commit(change, signal) {
      signal.throwIfAborted();
      checkChange(info, change);
      await settle(signal);
      isUnsure = true;
      const report = await commit(parts, { id, info, change }, signal);
      const first = await describeFirst(parts);
      onShown(first);
      info = toInfo(first);
      shown = first.whole;
      isUnsure = false;
      return report;
    },
    async index(signal) {
      await tidy(signal);
      return true;
    },
    optimize: tidy,
    verify: async (signal) => verify(parts, info, signal),
    async close() {
      const whole = shown;
      // For the case that the first object is lost: whoever reads then asks the others.
      if (whole !== null) await askOthers(parts, NEVER, (stub) => stub.show(whole));
      // The lock of an object that is lost went with it, or ends by itself.
      await askParts(parts, NEVER, (stub) => stub.unlock(id), { onLost: () => undefined });
    },
  };
}

async function describeFirst({ objects, names }: Parts): Promise<PartInfo> {
  return objects.collection(names[0] ?? "", NEVER, (stub) => stub.describe());
}

interface Committing {
  readonly id: string;
  readonly info: CollectionInfo;
  readonly change: Change;
}

async function commit(
  parts: Parts,
  { id, info, change }: Committing,
  signal: AbortSignal,
): Promise<CommitReport> {
  const { objects, names } = parts;
  const changes = splitChange(change, names.length);
  const [only] = changes;
  if (names.length > 1 || only === undefined) {
    const step = { writer: id, version: info.version + 1 };
    return commitInStep(parts, changes, step, signal);
  }
  const { version, chunksAdded, chunksRemoved } = await objects.collection(
    names[0] ?? "",
    signal,
    (stub) => stub.commit(id, only, null),
  );
  return { version, chunksAdded, chunksRemoved };
}

/** What is wrong in each object, and whether they hold together what the first one says. */
async function verify(
  parts: Parts,
  info: CollectionInfo,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { names } = parts;
  const faults: string[] = [];
  const onLost = ({ error }: { readonly error: Error }): unknown => faults.push(error.message);
  const found = await askParts(parts, signal, (stub) => stub.verify(), { onLost });
  for (const [part, lines] of found) {
    faults.push(
      ...lines.map((line) => (names.length === 1 ? line : `${names[part] ?? ""}: ${line}`)),
    );
  }
  const held = await askParts(parts, signal, (stub) => stub.describe(), {
    onLost: () => undefined,
  });
  for (const what of ["documents", "chunks"] as const) {
    const sum = [...held.values()].reduce((all, part) => all + part[what], 0);
    if (sum !== info[what]) {
      faults.push(`the objects hold ${sum} ${what} together, and should hold ${info[what]}`);
    }
  }
  return faults;
}
