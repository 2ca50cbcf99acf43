import { expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import { createLog } from "../../src/node/log.ts";
import type { Log } from "../../src/telemetry/log.ts";

const noon = (): Date => new Date("2026-01-02T12:00:00.000Z");

function collect(isTTY: boolean): { log: Log; lines: () => string[] } {
  let text = "";
  const stream = { isTTY, write: (piece: string) => (text += piece) };
  return { log: createLog(stream, noon), lines: () => text.split("\n").slice(0, -1) };
}

test("one event is one line of JSON away from a terminal", () => {
  const { log, lines } = collect(false);
  log.info("run", { runId: "r", ms: 3, degraded: undefined });
  expect(lines().map((line) => JSON.parse(line) as unknown)).toEqual([
    { time: "2026-01-02T12:00:00.000Z", level: "info", event: "run", runId: "r", ms: 3 },
  ]);
});

test("on a terminal a line is made for reading", () => {
  const { log, lines } = collect(true);
  log.info("run", { runId: "r", ms: 3, degraded: undefined });
  log.warn("slow", { ms: 9 });
  expect(lines()).toEqual(["12:00:00  run  runId=r  ms=3", "12:00:00  warn slow  ms=9"]);
});

test.each([true, false])("hostile text stays on its line (terminal: %s)", (isTTY) => {
  const { log, lines } = collect(isTTY);
  log.warn("x", { name: "a\nb\u001b[2J\u2028c\u202ed\u0085e" });
  expect(lines()).toHaveLength(1);
  expect(lines()[0]).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
});

test("an error is told with what caused it", () => {
  const { log, lines } = collect(false);
  const cause = new Error("socket closed");
  log.error("failed", new AppError("store_unavailable", { detail: "cannot read", cause }));
  const { error } = JSON.parse(lines()[0] ?? "") as { error: string };
  expect(error).toContain("store_unavailable: cannot read ← Error: socket closed");
});
