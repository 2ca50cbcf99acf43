/** Small files of the store, where the system says no. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { TOO_MANY_FILES } from "../../../src/node/durable/files.ts";

/** Opens what it may, then reads one file more. */
const PROGRAM = `
import { openSync } from "node:fs";
import { readText } from "./src/node/durable/files.ts";
for (let open = true; open; ) {
  try { openSync("package.json"); } catch { open = false; }
}
await readText("package.json").catch(({ code, detail }) => console.log(JSON.stringify({ code, detail })));
`;

test("a process that may open no more files is told so, and not to look at permissions", async () => {
  const { stdout } = await promisify(execFile)("/bin/sh", [
    "-c",
    'ulimit -n 64 && exec "$0" --input-type=module -e "$1"',
    process.execPath,
    PROGRAM,
  ]);
  expect(JSON.parse(stdout)).toEqual({ code: "store_unavailable", detail: TOO_MANY_FILES });
});
