/** Shows how far a sync is: a bar on a terminal, a line now and then elsewhere. */
import { countOf } from "../../src/text/count-of.ts";
import type { SyncProgress } from "../sync/sync-plan.ts";

export interface ProgressStream {
  readonly isTTY?: boolean;
  /** 0 where the terminal does not tell. */
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressView {
  show(progress: SyncProgress): void;
  /** Takes the bar away, so that other lines can be written. */
  clear(): void;
}

const BAR_COLUMNS = 24;
const LINE_INTERVAL_MS = 5_000;
const COLUMNS = 80;

/** Creates a view that starts counting now. */
export function createProgressView(
  stream: ProgressStream,
  now: () => number = () => performance.now(),
): ProgressView {
  const startMs = now();
  if (stream.isTTY === true) {
    return {
      show(progress) {
        const columns = (stream.columns || COLUMNS) - 1;
        stream.write(`\r\u001b[K${formatBar(progress, now() - startMs).slice(0, columns)}`);
      },
      clear: () => stream.write("\r\u001b[K"),
    };
  }
  let lastMs = startMs;
  let lastDetail: string | undefined;
  return {
    show(progress) {
      const isNew = progress.detail !== lastDetail;
      if (!isNew && now() - lastMs < LINE_INTERVAL_MS) return;
      [lastMs, lastDetail] = [now(), progress.detail];
      stream.write(`${formatCounts(progress, now() - startMs)}\n`);
    },
    clear: () => undefined,
  };
}

/** `[=======>        ] 120/480 files · 3,456 chunks · 2,310/s · 8 s left`. */
export function formatBar(progress: SyncProgress, elapsedMs: number): string {
  const share = progress.bytes === 0 ? 1 : progress.bytesDone / progress.bytes;
  const filled = Math.round(share * BAR_COLUMNS);
  const bar = `${"=".repeat(filled)}${" ".repeat(BAR_COLUMNS - filled)}`;
  return `[${bar}] ${formatCounts(progress, elapsedMs)}`;
}

function formatCounts(progress: SyncProgress, elapsedMs: number): string {
  const { files, filesDone, bytes, bytesDone, chunks, step, detail } = progress;
  const counts = `${formatCount(filesDone)}/${formatCount(files)} files · ${countOf(chunks, "chunk")}`;
  if (step === "indexing") return `${counts} · index: ${detail ?? ""}`;
  const rate = chunks / Math.max(1, elapsedMs / 1_000);
  const leftMs = bytesDone === 0 ? undefined : (elapsedMs / bytesDone) * (bytes - bytesDone);
  const left = leftMs === undefined ? "" : ` · ${formatDuration(leftMs)} left`;
  return `${counts} · ${formatCount(Math.round(rate))}/s${left}`;
}

/** `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** `0.4 s`, `12 s`, `3 min 5 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 10) return `${(ms / 1_000).toFixed(1)} s`;
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
