/** The direction of imports and the absences the design rests on, as a test (ARCHITECTURE.md tells why). */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

/** A file imports its own unit or a unit of a lower rank. A new folder has no rank until it is given one here. */
const RANKS: Readonly<Record<string, number>> = {
  "src/errors.ts": 0,
  "src/config": 1,
  "src/domain": 1,
  "src/async": 2,
  "src/config.ts": 2,
  "src/text": 2,
  "src/json": 2,
  "src/call-policy.ts": 3,
  "src/telemetry": 3,
  "src/models": 4,
  "src/stores": 4,
  "src/run.ts": 4,
  "src/retrieval": 5,
  "src/grounding": 5,
  "src/access": 5,
  "src/agent": 6,
  "src/answer.ts": 7,
  "src/playground/page": 10,
  "src/playground": 7,
  "src/http": 8,
  "src/client": 9,
  "src/app.ts": 9,
  "src/node": 10,
  "src/worker": 10,
  "ingest/chunk-progress.ts": 11,
  "ingest/document.ts": 11,
  "ingest/limits.ts": 11,
  "ingest/sync-limits.ts": 11,
  "ingest/export/export-format.ts": 11,
  "ingest/uploads/upload-source.ts": 11,
  "ingest/chunk": 12,
  "ingest/collection": 12,
  "ingest/embed": 12,
  "ingest/loaders": 12,
  "ingest/files": 13,
  "ingest/load": 14,
  "ingest/sync": 15,
  "ingest/export": 16,
  "ingest/push": 16,
  "ingest/uploads": 16,
  "ingest/commands": 17,
  "ingest/main.ts": 18,
  scripts: 19,
};
/** What the middle, ranks 5 to 9, may see of rank 4. */
const PORTS: ReadonlySet<string> = new Set([
  "src/models/model.ts",
  "src/stores/store.ts",
  "src/run.ts",
]);
const NODE_ONLY = /^(node:|@lancedb\/|apache-arrow|@hono\/node-server)/;
const NODE_PLACES = /^(src\/node|ingest|scripts)\b/;
/** A Worker has it too. */
const ASYNC_CONTEXT = ["src/telemetry/trace-scope.ts", "node:async_hooks"];
const LINES_MAX = 300;

/** Vendors and the only places that know them. */
const VENDORS: readonly (readonly [RegExp, RegExp])[] = [
  [/^hono(\/|$)/, /^(src\/(http|client|app\.ts|node|worker)|scripts\/)/],
  [/^(ioredis|rate-limiter-flexible)$/, /^src\/node\/redis\//],
  [/^openai(\/|$)/, /^(src\/models|scripts)\//],
];
const AMBIENT = /(?<![\w.$"'`-])(process|Buffer|console|globalThis)\s*[.[]/;

const sources = ["src", "ingest", "scripts"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name)),
);

describe("every source file keeps to the architecture", () => {
  test.each(sources)("%s", (file) => {
    expect(findViolations(file, readFileSync(file, "utf8"))).toEqual([]);
  });
});

describe("a planted violation is found", () => {
  const planted: readonly (readonly [string, string, string])[] = [
    ["src/domain/x.ts", 'import { a } from "../async/clock.ts";', "imports upward"],
    ["src/retrieval/x.ts", 'import { a } from "../answer.ts";', "imports upward"],
    ["src/retrieval/x.ts", 'import { a } from "../grounding/check.ts";', "imports upward"],
    ["src/retrieval/x.ts", 'import { a } from "../models/openai-chat.ts";', "only the ports"],
    ["src/answer.ts", 'export { a } from "./stores/memory.ts";', "only the ports"],
    ["src/async/x.ts", 'import { readFile } from "node:fs/promises";', "Node-only"],
    ["src/stores/x.ts", 'import * as lancedb from "@lancedb/lancedb";', "Node-only"],
    ["src/telemetry/x.ts", 'import { AsyncLocalStorage } from "node:async_hooks";', "Node-only"],
    ["src/worker/main.ts", 'const fs = await import("node:fs");', "Node-only"],
    ["src/worker/x.ts", 'import { a } from "../node/main.ts";', "imports upward"],
    ["src/agent/x.ts", 'import { Hono } from "hono";', "outside its place"],
    ["src/agent/x.ts", 'import OpenAI from "openai";', "outside its place"],
    ["src/http/x.ts", "const home = process.env;", "ambient process"],
    ["src/models/x.ts", "console.log(1);", "ambient console"],
    ["ingest/sync/x.ts", 'import { a } from "../../src/http/routes/ask.ts";', "never"],
    ["ingest/collection/x.ts", 'import { a } from "../sync/sync-plan.ts";', "imports upward"],
    ["src/queue/x.ts", "export const a = 1;", "no rank"],
    ["src/async/x.ts", "\n".repeat(LINES_MAX + 1), "lines"],
  ];
  test.each(planted)("%s: %s", (file, text, expected) => {
    expect(findViolations(file, text).join("\n")).toContain(expected);
  });
});

function findViolations(file: string, text: string): readonly string[] {
  const unit = findUnit(file);
  if (unit === undefined) return [`${file} has no rank: decide where its folder stands`];
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
  const found = specifiers.flatMap((specifier) =>
    specifier.startsWith(".")
      ? checkLocal(unit, normalize(join(dirname(file), specifier)))
      : checkPackage(file, specifier),
  );
  const ambient = AMBIENT.exec(text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, ""))?.[1];
  if (ambient !== undefined && !/^(src\/(node|worker)|ingest|scripts)\b/.test(file)) {
    found.push(`ambient ${ambient}: only the composition roots know the runtime`);
  }
  const lines = text.split("\n").length;
  if (lines > LINES_MAX) found.push(`${lines} lines: more than ${LINES_MAX}`);
  return found;
}

function checkLocal(unit: string, target: string): readonly string[] {
  const targetUnit = findUnit(target);
  if (targetUnit === unit) return [];
  const from = RANKS[unit] ?? Number.NaN;
  const to = targetUnit === undefined ? Number.NaN : (RANKS[targetUnit] ?? Number.NaN);
  if (!(to < from)) return [`imports upward or sideways: ${target}`];
  if (from >= 5 && from <= 9 && to === 4 && !PORTS.has(target)) {
    return [`the middle sees only the ports of models and stores: ${target}`];
  }
  if (unit.startsWith("ingest/") && to >= 5 && to < 11 && targetUnit !== "src/node") {
    return [`ingest never imports the answering side: ${target}`];
  }
  return [];
}

function checkPackage(file: string, specifier: string): readonly string[] {
  const isContext = file === ASYNC_CONTEXT[0] && specifier === ASYNC_CONTEXT[1];
  if (NODE_ONLY.test(specifier) && !NODE_PLACES.test(file) && !isContext) {
    return [`Node-only: ${specifier}`];
  }
  const vendor = VENDORS.find(([name]) => name.test(specifier));
  if (vendor !== undefined && !vendor[1].test(file)) return [`outside its place: ${specifier}`];
  return [];
}

function findUnit(file: string): string | undefined {
  return Object.keys(RANKS).find((unit) => file === unit || file.startsWith(`${unit}/`));
}
