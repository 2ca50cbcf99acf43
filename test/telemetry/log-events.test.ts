/** The table of log events is what the code says. */
import { readFile } from "node:fs/promises";
import { glob } from "tinyglobby";
import { expect, test } from "vitest";
import { LOG_EVENTS } from "../../src/telemetry/log-events.ts";

/** A line of the log, and what ends the process with one. */
const CALL = /\b(?:log\s*\??\.(info|warn|error)|(die))\(\s*"([a-z-]+)"/g;

test("every event that is logged is in the table at its level, and nothing else is", async () => {
  const files = await glob(["src/**/*.ts", "ingest/**/*.ts"]);
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const said = texts.flatMap((text) =>
    [...text.matchAll(CALL)].map(([, level = "error", , name = ""]) => `${level} ${name}`),
  );
  // Written where no log can be: instead of lines that were lost.
  said.push("warn log-lines-dropped");
  const table = Object.entries(LOG_EVENTS).map(([name, { level }]) => `${level} ${name}`);
  expect([...new Set(said)].toSorted()).toEqual(table.toSorted());
});
