/** Sends spans to a collector in batches, beside the work: nothing ever waits for it, and what it cannot take is dropped and counted. */
import type { Clock } from "../async/clock.ts";
import { type Collector, type CollectorOptions, createCollector } from "./collector.ts";
import type { OtlpRequest } from "./otlp-common.ts";
import { createSpanBatch } from "./otlp-spans.ts";
import type { Attributes, SpanRecord } from "./tracer.ts";

export interface SpanExporter {
  /** Spans that no collector got. */
  readonly dropped: number;
  /** Takes a span; returns at once. */
  keep(span: SpanRecord): void;
  /** Sends what there is; resolves when it is sent, dropped, or the time for it is over. Never rejects. */
  flush(): Promise<void>;
  /** Drops what is not sent. */
  close(): void;
}

export interface SpanExporterOptions extends Omit<CollectorOptions, "signal"> {
  /** Whose spans these are: `service.name` and the like. */
  readonly resource: Attributes;
}

/** Spans sent together. */
const BATCH_MAX = 512;
/** That wait; what comes after them is dropped. */
const BATCHES_MAX = 8;
const INTERVAL_MS = 5_000;

/** Creates an exporter that sends nothing until it has something. */
export function createSpanExporter(options: SpanExporterOptions): SpanExporter {
  return new Exporter(options);
}

class Exporter implements SpanExporter {
  readonly #clock: Clock;
  readonly #collector: Collector;
  readonly #resource: Attributes;
  /** Takes the next spans. */
  #batch: OtlpRequest<SpanRecord>;
  /** Full ones, first come first. */
  #full: OtlpRequest<SpanRecord>[] = [];
  #sending: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  dropped = 0;

  constructor({ resource, ...options }: SpanExporterOptions) {
    this.#clock = options.clock;
    this.#collector = createCollector({ ...options, signal: "spans" });
    this.#resource = resource;
    this.#batch = createSpanBatch(resource);
  }

  keep(span: SpanRecord): void {
    if (this.#full.length >= BATCHES_MAX) {
      this.dropped += 1;
      return;
    }
    this.#batch.add(span);
    if (this.#batch.size >= BATCH_MAX) {
      this.#closeBatch();
      void this.#sendPresent();
    } else if (this.#sending === undefined) this.#arm();
  }

  async flush(): Promise<void> {
    while (this.#waits || this.#sending !== undefined) await this.#sendPresent();
  }

  close(): void {
    this.#collector.close();
  }

  #arm(): void {
    this.#cancelTimer ??= this.#clock.timer(INTERVAL_MS, () => void this.#sendPresent());
  }

  get #waits(): boolean {
    return this.#batch.size > 0 || this.#full.length > 0;
  }

  #closeBatch(): void {
    if (this.#batch.size === 0) return;
    this.#full.push(this.#batch);
    this.#batch = createSpanBatch(this.#resource);
  }

  /** What comes meanwhile waits for a batch to be full, or for its time. */
  #sendPresent(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      if (this.#waits) this.#arm();
    });
    return this.#sending;
  }

  /** One batch after the other, so that a collector that hangs holds one request and no more. */
  async #send(): Promise<void> {
    this.#closeBatch();
    for (let batch = this.#full.shift(); batch !== undefined; batch = this.#full.shift()) {
      const failure = await this.#collector.post(batch.finish());
      if (failure !== undefined) this.dropped += batch.size;
      this.#collector.report(failure, { dropped: this.dropped });
    }
  }
}
