/** Runs a sync whenever the files change: once per burst of changes, one at a time, until the signal. */
import { resolve } from "node:path";
import { watch } from "chokidar";

/** Editors and copies write in bursts: quiet for this long means done. */
const QUIET_MS = 300;
/** A log that is written to all the time is never quiet: the first change waits no longer than this. */
const WAIT_MS_MAX = 5_000;
/** A sync that failed by what passes is tried again without a change, and later each time: it may be paid for. */
const RETRY_MS = 10_000;
const RETRY_MS_MAX = 60_000;

export interface WatchOptions {
  readonly paths: readonly string[];
  readonly cwd: string;
  /** Called once, when the first sync is done and changes are being watched for. */
  readonly onWatching: () => void;
  /** Told after a sync that is tried again in so many milliseconds. */
  readonly onRetry: (waitMs: number) => void;
}

/**
 * Syncs once and then after every burst of changes, from before the first sync on, so that none is
 * missed; and again after a while when a sync says that it did not get to them. Resolves when the signal aborts and
 * the sync in progress has ended; rejects when a sync does. A glob is watched through the folder before its first wildcard.
 */
export async function watchFiles(
  { paths, cwd, onWatching, onRetry }: WatchOptions,
  sync: () => Promise<"done" | "again">,
  signal: AbortSignal,
): Promise<void> {
  const places = paths.map((path) =>
    resolve(cwd, path.replace(/(^|\/)[^/]*[*?[{(!].*$/, "$1") || "."),
  );
  const changes = createBurst(signal);
  const watcher = watch(places, {
    ignoreInitial: true,
    followSymlinks: false,
    ignored: (path) => isHidden(path, places),
  });
  try {
    const isReady = new Promise<void>((resolve) => watcher.once("ready", resolve));
    watcher.on("all", changes.note).on("error", changes.note);
    await Promise.race([isReady, changes.aborted]);
    let isFirst = true;
    let retryMs = RETRY_MS;
    do {
      const isAgain = (await sync()) === "again" && !signal.aborted;
      if (isFirst) onWatching();
      isFirst = false;
      if (isAgain) {
        changes.noteLater(retryMs);
        onRetry(retryMs);
      }
      retryMs = isAgain ? Math.min(RETRY_MS_MAX, retryMs * 2) : RETRY_MS;
    } while (await changes.next());
  } finally {
    changes.end();
    await watcher.close();
  }
}

/** What the search for files passes over: nothing in it matters. Hidden folders above a watched place do not count. */
function isHidden(path: string, places: readonly string[]): boolean {
  const place = places.find((place) => path === place || path.startsWith(`${place}/`)) ?? "";
  return path
    .slice(place.length)
    .split("/")
    .some((name) => name.startsWith(".") || name === "node_modules");
}

interface Burst {
  readonly note: () => void;
  /** As a change would, after a while. */
  readonly noteLater: (waitMs: number) => void;
  /** True when something was noted since the last time and it has been quiet for a while; false when the signal aborts. */
  next(): Promise<boolean>;
  readonly aborted: Promise<void>;
  end(): void;
}

function createBurst(signal: AbortSignal): Burst {
  const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
  let { promise: quiet, resolve: calm } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  let later: NodeJS.Timeout | undefined;
  let firstMs: number | undefined;
  const onAbort = (): void => abort();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) abort();
  return {
    aborted,
    note() {
      firstMs ??= performance.now();
      const leftMs = WAIT_MS_MAX - (performance.now() - firstMs);
      clearTimeout(timer);
      timer = setTimeout(() => calm(), Math.max(0, Math.min(QUIET_MS, leftMs)));
    },
    noteLater(waitMs) {
      later = setTimeout(() => calm(), waitMs);
    },
    async next() {
      await Promise.race([quiet, aborted]);
      clearTimeout(timer);
      clearTimeout(later);
      firstMs = undefined;
      ({ promise: quiet, resolve: calm } = Promise.withResolvers<void>());
      return !signal.aborted;
    },
    end() {
      clearTimeout(timer);
      clearTimeout(later);
      signal.removeEventListener("abort", onAbort);
    },
  };
}
