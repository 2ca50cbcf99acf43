/** An embedding endpoint that lets a run wait is named while it does: the bar stands still, and nobody knows for what. */
import type { Clock } from "../../src/async/clock.ts";
import type { Embedder } from "../../src/models/model.ts";

export interface Wait {
  /** Since the last call that ended, or since it was asked with nothing else under way. */
  readonly waitedMs: number;
  /** Texts it has been asked for and has not answered. */
  readonly texts: number;
  /** Texts it has answered in this run. */
  readonly textsEmbedded: number;
}

const NOTICE_MS = 15_000;

/** The same embedder. `onWait` is told each quarter of a minute in which no call was answered, retries and limits of rate included. */
export function withWaitNotice(
  embedder: Embedder,
  clock: Clock,
  onWait: (wait: Wait) => void,
): Embedder {
  let [texts, textsEmbedded, sinceMs] = [0, 0, 0];
  let cancel = (): void => undefined;
  const watch = (): void => {
    cancel = clock.timer(NOTICE_MS, () => {
      onWait({ waitedMs: Math.round(clock.now() - sinceMs), texts, textsEmbedded });
      watch();
    });
  };
  const restart = (): void => {
    cancel();
    sinceMs = clock.now();
    if (texts > 0) watch();
  };
  return {
    ...embedder,
    async embed(asked, kind, signal) {
      texts += asked.length;
      if (texts === asked.length) restart();
      try {
        const vectors = await embedder.embed(asked, kind, signal);
        textsEmbedded += asked.length;
        return vectors;
      } finally {
        texts -= asked.length;
        restart();
      }
    },
  };
}
