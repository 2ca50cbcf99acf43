/** Puts what was asked and answered into the log; only for those who ask for it by name. */
import type { Log } from "./log.ts";
import type { RunObserver } from "./run-observer.ts";

/** One line a run, beside the one without content. */
export function createContentLog(log: Log): RunObserver {
  let runId = "";
  let question = "";
  let answer = "";
  return {
    onEvent(event) {
      if (event.type === "run-start") ({ runId, question } = event);
      if (event.type === "text-delta") answer += event.text;
      if (event.type === "text-reset") answer = "";
      if (event.type === "run-end") log.info("run-content", { runId, question, answer });
    },
  };
}
