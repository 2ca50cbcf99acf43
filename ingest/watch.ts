/** Runs a sync whenever the files change: once per burst of changes, one at a time, until the signal. */
import { resolve } from "node:path";
import { watch } from "chokidar";

/** Editors and copies write in bursts: quiet for this long means done. */
const QUIET_MS = 300;

export interface WatchOptions {
  readonly paths: readonly string[];
  readonly cwd: string;
  /** Called once, when the first sync is done and changes are being watched for. */
  readonly onWatching: () => void;
}

/**
 * Syncs once and then after every burst of changes, from before the first sync on, so that none is
 * missed. Resolves when the signal aborts and the sync in progress has ended; rejects when a sync
 * does. A glob is watched through the folder before its first wildcard.
 */
export async function watchFiles(
  { paths, cwd, onWatching }: WatchOptions,
  sync: () => Promise<void>,
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
    await sync();
    onWatching();
    while (await changes.next()) await sync();
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
  /** True when something was noted since the last time and it has been quiet for a while; false when the signal aborts. */
  next(): Promise<boolean>;
  readonly aborted: Promise<void>;
  end(): void;
}

function createBurst(signal: AbortSignal): Burst {
  const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
  let { promise: quiet, resolve: calm } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => abort();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) abort();
  return {
    aborted,
    note() {
      clearTimeout(timer);
      timer = setTimeout(() => calm(), QUIET_MS);
    },
    async next() {
      await Promise.race([quiet, aborted]);
      ({ promise: quiet, resolve: calm } = Promise.withResolvers<void>());
      return !signal.aborted;
    },
    end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
}
