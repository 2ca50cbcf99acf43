/** Which runs are running, whether new ones may begin, and how all of them are told to end. */
import { AppError } from "../errors.ts";

/** A run's place: its signal, and the way to end it. */
export interface RunTicket {
  /** Aborts when the client leaves, when `abort` is called, or when the service ends. */
  readonly signal: AbortSignal;
  abort(reason: AppError): void;
  /** The run is over. Safe to repeat. */
  leave(): void;
}

export interface RunGate {
  readonly draining: boolean;
  readonly running: number;
  /** Throws AppError draining. `client` aborts when the client leaves. */
  enter(client: AbortSignal): RunTicket;
  /** No new runs from now on. */
  drain(): void;
  /** Ends every running run with this reason. */
  abortAll(reason: AppError): void;
  /** Resolves when no run is running. */
  idle(): Promise<void>;
}

/** Creates an open gate. */
export function createRunGate(): RunGate {
  const tickets = new Set<RunTicket>();
  const waiting: (() => void)[] = [];
  let draining = false;

  return {
    get draining() {
      return draining;
    },
    get running() {
      return tickets.size;
    },
    enter(client) {
      if (draining) {
        throw new AppError("draining", {
          detail: "the service is shutting down and takes no new questions; ask again shortly",
        });
      }
      const controller = new AbortController();
      const abort = (reason: AppError): void => controller.abort(reason);
      const onClient = (): void =>
        abort(new AppError("cancelled", { detail: "the client left", cause: client.reason }));
      const ticket: RunTicket = {
        signal: controller.signal,
        abort,
        leave() {
          client.removeEventListener("abort", onClient);
          if (!tickets.delete(ticket) || tickets.size > 0) return;
          for (const resolve of waiting.splice(0)) resolve();
        },
      };
      tickets.add(ticket);
      if (client.aborted) onClient();
      else client.addEventListener("abort", onClient, { once: true });
      return ticket;
    },
    drain() {
      draining = true;
    },
    abortAll(reason) {
      for (const ticket of tickets) ticket.abort(reason);
    },
    idle() {
      if (tickets.size === 0) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
