/** How the server ends: no new work, time for what is under way, a last event for each run, then silence. */
import type { Server } from "node:http";
import type { Clock } from "../../async/clock.ts";
import { isSlower } from "../../async/is-slower.ts";
import { AppError } from "../../errors.ts";
import type { DocumentWriter } from "../../http/uploads/document-writer.ts";
import type { RunGate } from "../../http/admission/run-gate.ts";
import type { Log } from "../../telemetry/log.ts";

export interface DrainDeps {
  readonly gate: RunGate;
  /** Absent: documents are not written over HTTP. */
  readonly documents?: Pick<DocumentWriter, "idle"> | undefined;
  readonly server: Server;
  readonly clock: Clock;
  readonly log: Log;
  /** For running runs, and documents on their way, to end by themselves. */
  readonly graceMs: number;
}

/** For last events to be written and taken. */
const FLUSH_MS = 2_000;

/** Resolves when every connection is closed. The server goes on listening until its work is done, so that probes see why. */
export async function drain(deps: DrainDeps): Promise<void> {
  const { gate, documents, server, clock, log, graceMs } = deps;
  gate.drain();
  log.info("draining", { running: gate.running, graceMs });
  const over = Promise.all([gate.idle(), documents?.idle()]);
  const isLate = await isSlower(over, graceMs, clock);
  const untilMs = clock.now() + FLUSH_MS;
  if (isLate) {
    log.warn("ending-runs", { running: gate.running });
    gate.abortAll(
      new AppError("draining", { detail: "the service is shutting down; ask again shortly" }),
    );
    await isSlower(gate.idle(), FLUSH_MS, clock);
  }
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  if (await isSlower(closed, untilMs - clock.now(), clock)) server.closeAllConnections();
  log.info("drained");
}
