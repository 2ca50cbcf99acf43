/** Port: looks at a run's events as they are emitted. It must not wait, and cannot change or stop the run. */
import type { RunEvent } from "../domain/event.ts";

export interface RunObserver {
  /** `sinceMs`: since the run was started. `run-end` comes last and always. */
  onEvent(event: RunEvent, sinceMs: number): void;
}
