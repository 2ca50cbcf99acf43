/**
 * A lease: one writer at a time where there are no lock files, across machines. It is a table of one row beside the
 * collection's. Each change of it is a commit, which the store takes only if nobody has committed the same version before
 * (on object storage a put with If-None-Match), so that of several that want the lease one gets it.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Table } from "@lancedb/lancedb";
import * as z from "zod";
import type { Clock } from "../../async/clock.ts";
import { AppError } from "../../errors.ts";
import type { Lock } from "../files/lock.ts";
import type { LanceBase } from "./base.ts";
import { arrow } from "./native.ts";
import { isConflict, isMissing, toStoreError } from "./store-error.ts";

const Row = z.object({
  /** Grows with each holder. */
  fence: z.number(),
  /** Of the holder; empty when nobody holds it. */
  token: z.string(),
  /** For people. */
  holder: z.string(),
  /** Milliseconds since 1970, by the holder's clock. */
  untilMs: z.number(),
});
type Row = z.infer<typeof Row>;

export interface Lease extends Lock {
  /** Number of this holder; greater than that of every one before. */
  readonly fence: number;
  /** The one before did not give it back: what it has begun may still be under way. */
  readonly isTakenOver: boolean;
  /** Shows no more signs of life, and leaves it to be taken over. */
  abandon(): void;
}

export interface LeaseOptions {
  readonly base: Pick<LanceBase, "connection" | "clock">;
  readonly collection: string;
  /** Without a sign of life it ends after this. */
  readonly leaseMs: number;
  /** Milliseconds since 1970. */
  readonly wallMs?: () => number;
}

/** Clocks of two machines may differ by this share of a lease. */
const SKEW_SHARE = 0.25;
/** Signs of life within the length of a lease. */
const RENEWALS = 4;
const ATTEMPTS_MAX = 5;
/** Old versions of the row are removed by each so many-th holder. */
const CLEANING_EVERY = 16;
const VERSION_KEPT_MS = 3_600_000;

/** Names of collections hold no dot, so that this can never be one. */
function toLeaseName(collection: string): string {
  return `${collection}.lease`;
}

/** Takes the lease, also one whose holder has shown no sign of life. Throws AppError: ingest_locked, store_unavailable. */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const { base, collection, leaseMs, wallMs = Date.now } = options;
  const token = randomUUID();
  const holder = `process ${process.pid} on ${hostname()}`;
  const table = await openLeaseTable(options);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const row = await read(table, collection);
    const nowMs = wallMs();
    if (row.token !== "" && nowMs < row.untilMs + leaseMs * SKEW_SHARE) {
      throw new AppError("ingest_locked", {
        detail: `collection ${collection} is being written by ${row.holder}; wait until it is done, or, if it is gone, for ${Math.ceil((row.untilMs + leaseMs * SKEW_SHARE - nowMs) / 1_000)} s`,
      });
    }
    const fence = row.fence + 1;
    const mine: Row = { fence, token, holder, untilMs: nowMs + leaseMs };
    if (!(await replace(table, collection, row, mine))) continue;
    const held: Held = { table, collection, mine, leaseMs, wallMs };
    return hold(held, base.clock, row.token !== "");
  }
  throw new AppError("ingest_locked", {
    detail: `collection ${collection} is being locked by others; try again`,
  });
}

/** Does somebody write the collection, as far as its lease says? Writes nothing. Throws the library's errors. */
export async function isLeased(
  { connection }: Pick<LanceBase, "connection">,
  collection: string,
  nowMs: number,
): Promise<boolean> {
  try {
    const row = await read(await connection.openTable(toLeaseName(collection)), collection);
    return row.token !== "" && nowMs < row.untilMs;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

interface Held {
  readonly table: Table;
  readonly collection: string;
  readonly mine: Row;
  readonly leaseMs: number;
  readonly wallMs: () => number;
}

function hold(held: Held, clock: Clock, isTakenOver: boolean): Lease {
  const { table, collection, mine, leaseMs, wallMs } = held;
  let isReleased = false;
  let cancel = (): void => undefined;
  /** One change of the row at a time: a late renewal must not undo the release. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
  const renew = (): Promise<boolean> =>
    inTurn(async () => {
      if (isReleased) return false;
      return replace(table, collection, mine, { ...mine, untilMs: wallMs() + leaseMs });
    });
  const schedule = (): void => {
    cancel = clock.timer(leaseMs / RENEWALS, () => {
      // A renewal that fails is tried again; `check` is what decides.
      void renew()
        .catch(() => undefined)
        .finally(() => {
          if (!isReleased) schedule();
        });
    });
  };
  schedule();
  return {
    fence: mine.fence,
    isTakenOver,
    async check() {
      const row = await inTurn(() => read(table, collection));
      if (isSame(row, mine) && wallMs() < row.untilMs) return;
      // A process that was stopped for a while goes on only if nobody has come after it.
      if (isSame(row, mine) && (await renew())) return;
      throw new AppError("ingest_locked", {
        detail: `collection ${collection} is being written by ${row.holder || "another process"}, because this one showed no sign of life; nothing more was changed`,
      });
    },
    abandon() {
      isReleased = true;
      cancel();
    },
    async release() {
      if (isReleased) return;
      isReleased = true;
      cancel();
      const nobody: Row = { ...mine, token: "", holder: "", untilMs: 0 };
      const giveBack = (): Promise<boolean> => replace(table, collection, mine, nobody);
      const cleanUp = (): Promise<void> => clean(table, wallMs());
      if (mine.fence % CLEANING_EVERY === 0) await inTurn(cleanUp).catch(ignore);
      await inTurn(giveBack).catch(ignore);
    },
  };
}

function ignore(): void {
  // A lease that cannot be given back ends by itself, and old versions of its row go with a later holder.
}

async function clean(table: Table, nowMs: number): Promise<void> {
  await table.checkoutLatest();
  await table.optimize({ cleanupOlderThan: new Date(nowMs - VERSION_KEPT_MS) });
}

/** The table, made if it is not there; who else makes it at the same moment is no error. */
async function openLeaseTable({ base, collection }: LeaseOptions): Promise<Table> {
  const name = toLeaseName(collection);
  const { connection } = base;
  const { Field, Float64, Schema, Utf8 } = arrow;
  const schema = new Schema([
    new Field("fence", new Float64(), false),
    new Field("token", new Utf8(), false),
    new Field("holder", new Utf8(), false),
    new Field("untilMs", new Float64(), false),
  ]);
  const nobody: Row = { fence: 0, token: "", holder: "", untilMs: 0 };
  try {
    return await connection.openTable(name);
  } catch (thrown) {
    if (!isMissing(thrown)) throw toStoreError(thrown, collection);
  }
  try {
    return await connection.createTable(name, [nobody], { schema });
  } catch (thrown) {
    const isThere = thrown instanceof Error && /already exists/i.test(thrown.message);
    if (!isThere && !isConflict(thrown)) throw toStoreError(thrown, collection);
    return connection.openTable(name);
  }
}

async function read(table: Table, collection: string): Promise<Row> {
  let rows: unknown[];
  try {
    await table.checkoutLatest();
    rows = await table.query().limit(2).toArray();
  } catch (thrown) {
    throw toStoreError(thrown, collection);
  }
  const [row] = rows;
  const parsed = Row.safeParse(row === undefined ? undefined : { ...row });
  if (rows.length === 1 && parsed.success) return parsed.data;
  throw new AppError("collection_unavailable", {
    detail: `the lease of collection ${collection} is damaged; when nobody writes the collection, delete ${toLeaseName(collection)}.lance from the store`,
  });
}

/** Changes the row if it is still the expected one. A store that ignores conditions is found out by reading it back. */
async function replace(
  table: Table,
  collection: string,
  expected: Row,
  next: Row,
): Promise<boolean> {
  try {
    await table.checkoutLatest();
    const where = `fence = ${expected.fence} AND token = '${expected.token}'`;
    const { rowsUpdated } = await table.update({ where, values: { ...next } });
    return rowsUpdated === 1 && isSame(await read(table, collection), next);
  } catch (thrown) {
    if (isConflict(thrown)) return false;
    throw toStoreError(thrown, collection);
  }
}

function isSame(one: Row, other: Row): boolean {
  return one.fence === other.fence && one.token === other.token;
}
