/** Readers of a run that leave it before its end: with their client, or at a deadline of their own. */
import type { Pause, Reader } from "../../async/broadcast.ts";
import type { Clock } from "../../async/clock.ts";
import type { RunEvent } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";
import { toEarlyEnd } from "./early-end.ts";
import { toClientReason } from "../admission/run-gate.ts";

/** The same reader, which leaves when the client does. */
export function leaveWith(client: AbortSignal, reader: Reader<RunEvent>): Reader<RunEvent> {
  return new ClientReader(client, reader);
}

/** A class, because there is one for each open stream, and an object with a getter of its own takes many times the room. */
class ClientReader implements Reader<RunEvent> {
  readonly #client: AbortSignal;
  readonly #reader: Reader<RunEvent>;

  constructor(client: AbortSignal, reader: Reader<RunEvent>) {
    this.#client = client;
    this.#reader = reader;
    if (client.aborted) this.#onClient();
    else client.addEventListener("abort", this.#onClient, { once: true });
  }

  get over(): boolean {
    return this.#reader.over;
  }

  read(waitMs: number, pause?: Pause): Promise<readonly RunEvent[]> {
    return this.#reader.read(waitMs, pause);
  }

  leave(reason?: Error): void {
    this.#client.removeEventListener("abort", this.#onClient);
    this.#reader.leave(reason);
  }

  readonly #onClient = (): void => this.leave(toClientReason(this.#client.reason));
}

/** The same reader for one whose time ends before the run's: it leaves with a last event of its own. */
export function leaveAt(reader: Reader<RunEvent>, untilMs: number, clock: Clock): Reader<RunEvent> {
  const seen: RunEvent[] = [];
  let left = false;
  return {
    get over() {
      return left || reader.over;
    },
    async read(waitMs, pause) {
      if (left || reader.over) return [];
      const leftMs = untilMs - clock.now();
      const batch = leftMs > 0 ? await reader.read(Math.min(waitMs, leftMs), pause) : [];
      seen.push(...batch);
      if (batch.length > 0 || left || reader.over || clock.now() < untilMs) return batch;
      left = true;
      reader.leave(new AppError("deadline_exceeded"));
      return [toEarlyEnd(seen, "expired", { code: "deadline_exceeded", retryable: true })];
    },
    leave(reason) {
      left = true;
      reader.leave(reason);
    },
  };
}
