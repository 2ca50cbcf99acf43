import { expect, test } from "vitest";
import {
  createProgressView,
  formatBar,
  formatDuration,
} from "../../../ingest/commands/progress.ts";

const half = {
  step: "loading",
  files: 480,
  filesDone: 120,
  bytes: 8_000,
  bytesDone: 2_000,
  chunks: 3_000,
} as const;

test("the bar shows files, chunks, rate and time left", () => {
  expect(formatBar(half, 2_000)).toBe(
    "[======                  ] 120/480 files · 3,000 chunks · 1,500/s · 6.0 s left",
  );
  expect(formatBar({ ...half, step: "indexing", detail: "compact" }, 1)).toContain(
    "index: compact",
  );
});

test("the time left goes by what there is to read: one file can be larger than all others", () => {
  const large = { ...half, files: 700, filesDone: 2, bytes: 10_000, bytesDone: 5_000 };
  expect(formatBar(large, 60_000)).toBe(
    "[============            ] 2/700 files · 3,000 chunks · 50/s · 1 min 0 s left",
  );
  expect(formatBar({ ...large, bytesDone: 0 }, 60_000)).not.toContain("left");
  expect(formatBar({ ...large, bytes: 0, bytesDone: 0 }, 60_000)).not.toContain("left");
});

test.each([
  [59_700, "1 min 0 s"],
  [239_700, "4 min 0 s"],
  [9_960, "10 s"],
  [400, "0.4 s"],
  [12_300, "12 s"],
  [185_000, "3 min 5 s"],
])("%d ms are %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("a terminal gets one line written over, anything else a line now and then", () => {
  const lines: string[] = [];
  const write = (text: string): void => void lines.push(text);
  let nowMs = 0;
  const terminal = createProgressView({ isTTY: true, columns: 20, write }, () => nowMs);
  terminal.show(half);
  terminal.clear();
  expect(lines).toEqual(["\r\u001b[K[======            ", "\r\u001b[K"]);
  lines.length = 0;
  createProgressView({ isTTY: true, columns: 0, write }, () => nowMs).show(half);
  expect(lines[0]).toMatch(/left$/);
  lines.length = 0;
  const log = createProgressView({ write }, () => nowMs);
  for (nowMs = 0; nowMs <= 10_000; nowMs += 1_000) log.show(half);
  expect(lines).toHaveLength(2);
  expect(lines.every((line) => line.endsWith("\n"))).toBe(true);
});
