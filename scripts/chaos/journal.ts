/** What the upstream saw: every exchange with its faults and its end, and totals. No bodies, no headers, no keys. */
import type { FaultPlace } from "./fault.ts";

export interface Entry {
  readonly number: number;
  readonly on: FaultPlace;
  readonly method: string;
  readonly path: string;
  /** From 1: how often the same body has come. */
  readonly attempt: number;
  readonly faults: readonly string[];
  /** Milliseconds since the server's start. */
  readonly startMs: number;
  /** Exchanges that were open when it came, itself included. */
  readonly overlap: number;
  readonly bytesIn: number;
  endMs?: number;
  /** 0 when no status was sent. */
  status?: number;
  bytesOut?: number;
  /** `left`: the client closed before the answer was complete; `broken`: we reset it. */
  end?: "finished" | "left" | "broken";
}

export interface Totals {
  readonly requests: number;
  readonly open: number;
  readonly overlapMax: number;
  readonly finished: number;
  readonly left: number;
  readonly broken: number;
  /** Requests whose body had come before. */
  readonly repeated: number;
  readonly faults: number;
  /** `failed`: by a fault, before there was a request. */
  readonly connections: { readonly opened: number; readonly open: number; readonly failed: number };
  readonly byTarget: Readonly<Record<string, number>>;
}

export interface Journal {
  readonly entries: readonly Entry[];
  totals(): Totals;
  /** `key` tells bodies apart. */
  begin(entry: Pick<Entry, "on" | "method" | "path" | "faults" | "bytesIn">, key: string): Entry;
  end(entry: Entry, ending: Required<Pick<Entry, "status" | "bytesOut" | "end">>): void;
  connect(isFailed: boolean): void;
  disconnect(): void;
  /** Forgets everything but what is open. */
  reset(): void;
}

/** Entries kept; the totals count on. */
const ENTRIES_MAX = 10_000;
const KEYS_MAX = 100_000;

export function createJournal(): Journal {
  const entries: Entry[] = [];
  const attempts = new Map<string, number>();
  const connections = { opened: 0, open: 0, failed: 0 };
  const unended = new Set<Entry>();
  const startedMs = performance.now();
  let counts = zero();
  let number = 0;

  const count = ({ on, faults, attempt }: Entry): void => {
    counts.requests += 1;
    counts.overlapMax = Math.max(counts.overlapMax, unended.size);
    counts.faults += faults.length > 0 ? 1 : 0;
    counts.repeated += attempt > 1 ? 1 : 0;
    counts.byTarget[on] = (counts.byTarget[on] ?? 0) + 1;
  };

  return {
    entries,
    totals: () => ({
      ...counts,
      byTarget: { ...counts.byTarget },
      open: unended.size,
      connections: { ...connections },
    }),
    begin(given, key) {
      const attempt = (attempts.get(key) ?? 0) + 1;
      if (attempts.size >= KEYS_MAX) attempts.clear();
      attempts.set(key, attempt);
      const startMs = Math.round(performance.now() - startedMs);
      const overlap = unended.size + 1;
      const entry = { ...given, number: (number += 1), attempt, startMs, overlap };
      unended.add(entry);
      count(entry);
      if (entries.length >= ENTRIES_MAX) entries.shift();
      entries.push(entry);
      return entry;
    },
    end(entry, ending) {
      Object.assign(entry, ending, { endMs: Math.round(performance.now() - startedMs) });
      unended.delete(entry);
      counts[ending.end] += 1;
    },
    connect(isFailed) {
      connections.failed += isFailed ? 1 : 0;
      connections.opened += 1;
      connections.open += 1;
    },
    disconnect() {
      connections.open -= 1;
    },
    reset() {
      entries.splice(0, entries.length, ...unended);
      attempts.clear();
      counts = zero();
      for (const entry of unended) count(entry);
      Object.assign(connections, { opened: connections.open, failed: 0 });
    },
  };
}

function zero() {
  const byTarget: Record<string, number> = {};
  return {
    requests: 0,
    overlapMax: 0,
    finished: 0,
    left: 0,
    broken: 0,
    repeated: 0,
    faults: 0,
    byTarget,
  };
}
