/** Sends spans to a collector in batches, beside the work: nothing ever waits for it, and what it cannot take is dropped and counted. */
import type { Clock } from "../async/clock.ts";
import { type Collector, type CollectorOptions, createCollector } from "./collector.ts";
import { encodeSpans } from "./otlp-spans.ts";
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

/** Spans that wait; what comes after them is dropped. */
const QUEUE_MAX = 4_096;
const BATCH_MAX = 512;
const INTERVAL_MS = 5_000;

/** Creates an exporter that sends nothing until it has something. */
export function createSpanExporter(options: SpanExporterOptions): SpanExporter {
  return new Exporter(options);
}

class Exporter implements SpanExporter {
  readonly #clock: Clock;
  readonly #collector: Collector;
  readonly #resource: Attributes;
  #queue: SpanRecord[] = [];
  #sending: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  dropped = 0;

  constructor({ resource, ...options }: SpanExporterOptions) {
    this.#clock = options.clock;
    this.#collector = createCollector({ ...options, signal: "spans" });
    this.#resource = resource;
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

  close(): void {
    this.#collector.close();
  }

  #arm(): void {
    this.#cancelTimer ??= this.#clock.timer(INTERVAL_MS, () => void this.#sendPresent());
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
      const failure = await this.#collector.post(encodeSpans(batch, this.#resource));
      if (failure !== undefined) this.dropped += batch.length;
      this.#collector.report(failure, { dropped: this.dropped });
    }
  }
}
