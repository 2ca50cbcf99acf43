/** Commits again, on the newest version, when another commit came between. */
import type { Table } from "@lancedb/lancedb";
import { type Clock, sleep } from "../../async/clock.ts";
import { isConflict, toStoreError } from "./store-error.ts";

/** At a commit that another writer got in the way of. */
const ATTEMPTS_MAX = 12;
const BACKOFF_MS = 50;
const BACKOFF_MS_MAX = 1_000;

interface RetryOptions {
  readonly clock: Clock;
  readonly table: Table;
  readonly collection: string;
  readonly signal: AbortSignal;
  /** Called when the newest version is known and before anything is done on it; what it throws ends the work. */
  readonly check?: (() => Promise<void>) | undefined;
}

/** A failed commit leaves the handle on its old version for ever, so it is brought forward before each new attempt. */
export async function retryConflicts<T>(
  { clock, table, collection, signal, check }: RetryOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      await table.checkoutLatest();
      await check?.();
      return await work();
    } catch (thrown) {
      if (!isConflict(thrown) || attempt >= ATTEMPTS_MAX) {
        if (signal.aborted) throw signal.reason as Error;
        throw toStoreError(thrown, collection);
      }
    }
    await sleep(clock, Math.random() * Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** attempt), signal);
  }
}
