/** What the commands say: people read lines, programs read one JSON object a line. */
import type { AppError } from "../../src/errors.ts";
import { escapeControls } from "../../src/text/escape-controls.ts";
import type { ProgressStream } from "./progress.ts";

export interface Output {
  readonly json: boolean;
  /** Where progress and problems go. */
  readonly stderr: ProgressStream;
  /** A line for people; nothing with --json. */
  line(text: string): void;
  /** A line about what went wrong; nothing with --json. */
  warn(text: string): void;
  /** A JSON line; nothing without --json. */
  data(value: object): void;
  /** An expected error, either way. */
  fail(error: AppError, hint?: string): void;
}

/** Names of files and fields may hold anything: control characters never reach the terminal. */
export function createOutput(
  json: boolean,
  stdout: ProgressStream,
  stderr: ProgressStream,
): Output {
  const line = (text: string): void => {
    if (!json) stdout.write(`${escapeControls(text, "\n")}\n`);
  };
  const warn = (text: string): void => {
    if (!json) stderr.write(`${escapeControls(text, "\n")}\n`);
  };
  const data = (value: object): void => {
    if (json) stdout.write(`${JSON.stringify(value)}\n`);
  };
  return {
    json,
    stderr,
    line,
    warn,
    data,
    fail(error, hint) {
      const detail = error.detail ?? error.code.replaceAll("_", " ");
      data({ type: "error", code: error.code, detail });
      warn(`ingest: ${detail}`);
      if (hint !== undefined) warn(hint);
    },
  };
}
