import { afterEach, expect, test, vi } from "vitest";
import { createConsoleLog } from "../../src/worker/console-log.ts";

const secret = "the merger closes in May";
const hostile = new Error(`${secret}\n    at ${secret}`);

afterEach(() => vi.restoreAllMocks());

function logError(env: unknown): string {
  const written = vi.spyOn(console, "error").mockReturnValue(undefined);
  createConsoleLog(env).error("failed", hostile, { runId: "r" });
  return String(written.mock.lastCall?.[0]);
}

test("what others said is not in the Worker's log, also where it looks like a place in the code", () => {
  const line = logError({});
  expect(line).not.toContain("merger");
  expect(JSON.parse(line)).toMatchObject({ level: "error", event: "failed", runId: "r" });
});

test("LOG_CONTENT shows it, to the Worker's objects as well, which have its bindings and no settings", () => {
  expect(logError({ LOG_CONTENT: "true" })).toContain(secret);
  expect(logError({ LOG_CONTENT: true })).toContain(secret);
});
