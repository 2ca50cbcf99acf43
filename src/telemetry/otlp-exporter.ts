/** Sends spans to a collector in batches, beside the work: nothing ever waits for it, and what it cannot take is dropped and counted. */
import type { Clock } from "../async/clock.ts";
import { startDeadline } from "../async/deadline.ts";
import type { Log } from "./log.ts";
import { encodeSpans } from "./otlp-encode.ts";
import type { Attributes, SpanRecord } from "./tracer.ts";

export interface OtlpExporter {
  /** Spans that no collector got. */
  readonly dropped: number;
  /** Takes a span; returns at once. */
  keep(span: SpanRecord): void;
  /** Sends what there is; resolves when it is sent, dropped, or the time for it is over. Never rejects. */
  flush(): Promise<void>;
}

export interface OtlpExporterOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Of the collector, without `/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose spans these are: `service.name` and the like. */
  readonly resource: Attributes;
}

/** Spans that wait; what comes after them is dropped. */
const QUEUE_MAX = 4_096;
const BATCH_MAX = 512;
const INTERVAL_MS = 5_000;
const TIMEOUT_MS = 5_000;

/** Creates an exporter that sends nothing until it has something. */
export function createOtlpExporter(options: OtlpExporterOptions): OtlpExporter {
  return new Exporter(options);
}

class Exporter implements OtlpExporter {
  readonly #options: OtlpExporterOptions;
  readonly #url: string;
  #queue: SpanRecord[] = [];
  #sending: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #isDown = false;
  dropped = 0;

  constructor(options: OtlpExporterOptions) {
    this.#options = options;
    this.#url = `${options.endpoint.replace(/\/+$/, "")}/v1/traces`;
  }

  keep(span: SpanRecord): void {
    if (this.#queue.length >= QUEUE_MAX) {
      this.dropped += 1;
      return;
    }
    this.#queue.push(span);
    if (this.#queue.length >= BATCH_MAX) void this.#sendPresent();
    else if (this.#sending === undefined) this.#arm();
  }

  async flush(): Promise<void> {
    while (this.#queue.length > 0 || this.#sending !== undefined) await this.#sendPresent();
  }

  #arm(): void {
    this.#cancelTimer ??= this.#options.clock.timer(INTERVAL_MS, () => void this.#sendPresent());
  }

  /** What comes meanwhile waits for a batch to be full, or for its time. */
  #sendPresent(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#sending ??= this.#send(this.#queue.length).finally(() => {
      this.#sending = undefined;
      if (this.#queue.length > 0) this.#arm();
    });
    return this.#sending;
  }

  /** One batch after the other, so that a collector that hangs holds one request and no more. */
  async #send(spans: number): Promise<void> {
    for (let left = spans; left > 0 || this.#queue.length >= BATCH_MAX; left -= BATCH_MAX) {
      const batch = this.#queue.slice(0, BATCH_MAX);
      this.#queue = this.#queue.slice(BATCH_MAX);
      const failure = await this.#post(batch);
      if (failure !== undefined) this.dropped += batch.length;
      this.#report(failure);
    }
  }

  /** Undefined when the collector took it, else in a few words why it did not. */
  async #post(batch: readonly SpanRecord[]): Promise<string | undefined> {
    const { clock, headers, resource } = this.#options;
    using deadline = startDeadline({ clock, budgetMs: TIMEOUT_MS, stage: "export" });
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/x-protobuf" },
        body: encodeSpans(batch, resource),
        redirect: "manual",
        signal: deadline.signal,
      });
      await response.body?.cancel();
      return response.ok ? undefined : `HTTP ${response.status}`;
    } catch {
      return deadline.signal.aborted ? "no answer in time" : "no connection";
    }
  }

  /** Once when it stops to work and once when it works again. */
  #report(failure: string | undefined): void {
    const { log } = this.#options;
    const isDown = failure !== undefined;
    if (isDown === this.#isDown) return;
    this.#isDown = isDown;
    if (isDown) log.warn("collector-unreachable", { why: failure, dropped: this.dropped });
    else log.info("collector-reachable", { dropped: this.dropped });
  }
}
