/** Who may run, and how hard the process is pressed, from the settings. */
import { systemClock } from "../../async/clock.ts";
import { createPressure, type Pressure } from "../../async/pressure.ts";
import { createTurns } from "../../async/turns.ts";
import type { Config } from "../../config.ts";
import { createRunGate, type RunGate, toGateLimits } from "../../http/admission/run-gate.ts";
import { createLoopLag } from "../telemetry/loop-lag.ts";

/** Share of the queue, or of the lag a process can bear, at which optional work is left out, and at which answers get smaller. */
const OPTIONAL_LEFT_OUT = 0.5;
const ANSWERS_SMALLER = 0.9;

/** About 20 ms of work; more at once and the runs that have begun miss their own deadlines. */
const STARTS_A_TURN = 8;

/** The gate, and the pressure that its queue and the event loop make. */
export function createGate(config: Config): {
  readonly gate: RunGate;
  readonly pressure: Pressure;
} {
  const clock = systemClock;
  const turn = createTurns(setImmediate, STARTS_A_TURN);
  const gate = createRunGate({ clock, ...toGateLimits(config), turn });
  const lag = createLoopLag(clock, config.brownOutLagMs / OPTIONAL_LEFT_OUT);
  const sources = [() => gate.load, lag];
  const pressure = createPressure({
    clock,
    sources,
    levels: [OPTIONAL_LEFT_OUT, ANSWERS_SMALLER],
    calmMs: config.brownOutCalmMs,
  });
  return { gate, pressure };
}
