/** One address of an OpenTelemetry collector: takes bodies, gives up in time, and says once that it fails. */
import type { Clock } from "../async/clock.ts";
import { startDeadline } from "../async/deadline.ts";
import { withoutReason } from "../async/without-reason.ts";
import { AppError } from "../errors.ts";
import type { Log, LogFields } from "./log.ts";

export interface Collector {
  /** Undefined when it took the body, else in a few words why it did not. Never rejects. */
  post(body: Uint8Array<ArrayBuffer>): Promise<string | undefined>;
  /** What `post` gave: a line when it stops to work and one when it works again. */
  report(failure: string | undefined, fields?: LogFields): void;
  /** Ends what is under way; from now on nothing is sent. */
  close(): void;
}

export interface CollectorOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The whole of it, with its path. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent there, for the log. */
  readonly signal: "spans" | "metrics";
}

const TIMEOUT_MS = 5_000;

export function createCollector(options: CollectorOptions): Collector {
  const { clock, log, url, headers, signal } = options;
  const end = new AbortController();
  let isDown = false;
  return {
    async post(body) {
      using deadline = startDeadline({
        clock,
        budgetMs: TIMEOUT_MS,
        parent: end.signal,
        stage: "export",
      });
      try {
        const response = await fetch(url, {
          method: "POST",
          headers: { ...headers, "content-type": "application/x-protobuf" },
          body,
          redirect: "manual",
          signal: withoutReason(deadline.signal),
        });
        await response.body?.cancel();
        return response.ok ? undefined : `HTTP ${response.status}`;
      } catch {
        return deadline.signal.aborted ? "no answer in time" : "no connection";
      }
    },
    report(failure, fields) {
      const isFailing = failure !== undefined;
      if (isFailing === isDown) return;
      isDown = isFailing;
      if (isFailing) log.warn("collector-unreachable", { signal, why: failure, ...fields });
      else log.info("collector-reachable", { signal, ...fields });
    },
    close: () => end.abort(new AppError("cancelled")),
  };
}
