import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../../src/errors.ts";
import { createLog } from "../../../src/node/telemetry/log.ts";
import type { Log } from "../../../src/telemetry/log.ts";

const noon = (): Date => new Date("2026-01-02T12:00:00.000Z");

function collect(isTTY: boolean, hasContent = false): { log: Log; lines: () => string[] } {
  let text = "";
  const stream = { isTTY, write: (piece: string) => (text += piece) };
  return {
    log: createLog(stream, { now: noon, hasContent }),
    lines: () => text.split("\n").slice(0, -1),
  };
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

test.each([true, false])("what hides or turns text is told (terminal: %s)", (isTTY) => {
  const { log, lines } = collect(isTTY);
  const unseen = [
    "\u200e",
    "\u200f",
    "\u061c",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\u00ad",
    "\u{e0041}",
  ];
  // Joiners belong to scripts and emoji, and to no plain letters.
  log.warn("x", { name: `a${unseen.join("b")}c\u200dd`, file: "👩\u200d💻 می\u200cخواهم" });
  const [line = ""] = lines();
  for (const character of unseen) expect(line).not.toContain(character);
  expect(line).not.toContain("c\u200dd");
  expect(line).toMatch(/\\u\{?200e/);
  expect(line).toContain("👩\u200d💻 می\u200cخواهم");
});

test("an error is told with what caused it, where content was asked for", () => {
  const { log, lines } = collect(false, true);
  const cause = new Error("socket closed");
  log.error("failed", new AppError("store_unavailable", { detail: "cannot read", cause }));
  const { error } = JSON.parse(lines()[0] ?? "") as { error: string };
  expect(error).toContain("store_unavailable: cannot read ← Error: socket closed");
});

test("of a reader that does not read no more is kept than a bound: what came meanwhile is counted, and told", () => {
  const lines: string[] = [];
  const stream = { writableLength: 0, write: (piece: string) => void lines.push(piece) };
  const log = createLog(stream, { now: noon });
  log.info("first");
  stream.writableLength = 2 ** 20 + 1;
  for (let i = 0; i < 3; i += 1) log.error("lost", new Error("x"));
  expect(lines).toHaveLength(1);
  stream.writableLength = 2 ** 20;
  log.info("last");
  log.info("and on");
  expect(lines.slice(1).map((line) => JSON.parse(line) as unknown)).toEqual([
    { time: noon().toISOString(), level: "warn", event: "log-lines-dropped", lines: 3 },
    { time: noon().toISOString(), level: "info", event: "last" },
    { time: noon().toISOString(), level: "info", event: "and on" },
  ]);
});

describe("what others said is not in the log, because it may quote a text", () => {
  const secret = "the merger closes in May";
  const thrown: readonly unknown[] = [
    new Error(secret),
    new SyntaxError(`Unexpected token, "${secret}" is not valid JSON`),
    secret,
    { prompt: secret },
    new AppError("upstream_config", { detail: "refused the request", cause: new Error(secret) }),
    new Error(`${secret}\n    at ${secret}`),
    new TypeError(`Headers.append: "${secret}" is an invalid header value.`),
  ];
  test.each(thrown)("%s", (one) => {
    const { log, lines } = collect(false);
    log.error("failed", one);
    expect(lines().join()).not.toContain("merger");
    expect(lines().join()).toMatch(/withheld/);
  });

  test("but where it happened is, and what the system said", () => {
    const { log, lines } = collect(false);
    log.error("failed", Object.assign(new TypeError("x"), { code: "ERR_INVALID_ARG_TYPE" }));
    log.error("failed", Object.assign(new Error("connect refused"), { syscall: "connect" }));
    expect(lines()[0]).toMatch(/TypeError ERR_INVALID_ARG_TYPE \(message withheld.* at /);
    expect(lines()[1]).toContain("connect refused");
  });
});

const UNSAFE =
  /[\p{Cc}\u2028\u2029]|[\p{Default_Ignorable_Code_Point}--[\p{Join_Control}\p{Variation_Selector}]]/v;

test("any text in any field is one line of JSON that reads as it was given", () => {
  const unsafe = fc.constantFrom(
    "\n",
    "\r",
    "\u0000",
    "\u001b[2J",
    "\u0085",
    "\u2028",
    "\u202e",
    "\u061c",
    "\u200b",
    "\u{e0041}",
    "\u200d",
    '"',
    "\\",
  );
  const anyText = fc
    .array(fc.oneof(unsafe, fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 8 })
    .map((parts) => parts.join(""));
  const name = fc.oneof(fc.stringMatching(/^[a-zA-Z]{1,8}$/), fc.constantFrom("time", "level"));
  const fields = fc.dictionary(name, fc.oneof(anyText, fc.integer(), fc.boolean()));
  fc.assert(
    fc.property(anyText, fields, (event, given) => {
      for (const isTTY of [false, true]) {
        const { log, lines } = collect(isTTY);
        log.info(event, given);
        expect(lines()).toHaveLength(1);
        expect(lines()[0]).not.toMatch(UNSAFE);
        if (isTTY) continue;
        const read: unknown = JSON.parse(lines()[0] ?? "");
        expect(read).toEqual({ ...given, time: noon().toISOString(), level: "info", event });
      }
    }),
  );
});
