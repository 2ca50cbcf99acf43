/** What a start says of the limit of open files. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { findFewFiles } from "../../../src/node/server/open-files.ts";

test("too few files for the runs that may be are named with the number that is needed", () => {
  const config = parseConfig({ RUNS_MAX: "100", RUN_QUEUE_MAX: "10" });
  expect(findFewFiles(config, 465)).toMatch(/may have 465 files open.* up to 466: /);
  expect(findFewFiles(config, 466)).toBeUndefined();
  expect(findFewFiles(config, undefined)).toBeUndefined();
});

test("the limit is the process's own", async () => {
  const program = `import { readFileLimit } from "./src/node/server/open-files.ts"; console.log(readFileLimit());`;
  const limited = 'ulimit -n 64 && exec "$0" --input-type=module -e "$1"';
  const { stdout } = await promisify(execFile)("/bin/sh", [
    "-c",
    limited,
    process.execPath,
    program,
  ]);
  expect(stdout).toBe("64\n");
});
