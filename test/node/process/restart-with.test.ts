/** The service and the command set, by starting again, what can only be set at a start. */
import { readFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { makeLocalStore } from "../../support/local-store.ts";
import { runProgram, startService } from "../../support/process.ts";

const VARIABLE = "MALLOC_TRIM_THRESHOLD_";
const given: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ["gives freed memory back", {}, "1048576"],
  ["leaves what was set as it is", { [VARIABLE]: "4096" }, "4096"],
];
test.each(given)("the service %s, in the process that was started", async (_name, env, value) => {
  await using folder = await makeLocalStore();
  await using service = await startService({ DATA_DIR: folder.path, ...env });
  expect(readFileSync(`/proc/${service.pid}/environ`, "utf8").split("\0")).toContain(
    `${VARIABLE}=${value}`,
  );
});

const PROGRAM = `
  import { restartWith } from "./src/node/process/restart-with.ts";
  process.stdout.write("start ");
  if (process.argv.includes("lost")) delete process.env.ONCE;
  restartWith({ ONCE: "1", OTHER: "2" }, ["--no-warnings"]);
  process.stdout.write(JSON.stringify([process.env.ONCE, process.env.OTHER, process.execArgv.includes('--no-warnings'), process.argv.slice(1)]));
`;
const command = ["--input-type=module", "--eval", PROGRAM];

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [first = "", ...rest] = args;
  const { stdout, code } = await runProgram(first, rest, env);
  return { stdout, code };
}

test("arguments, flags and variables are those of before and the new ones", async () => {
  expect(await run([...command, "--", "a b"])).toEqual({
    code: 0,
    stdout: 'start start ["1","2",true,["a b"]]',
  });
});

test("it starts again once, also where the variable is taken away at each start", async () => {
  expect(await run([...command, "--", "lost"])).toEqual({
    code: 0,
    stdout: 'start start [null,"2",true,["lost"]]',
  });
});

test("a process whose parent has started itself again does so too", async () => {
  expect(await run(command, { TRIBUTARY_RESTARTED: String(process.pid) })).toEqual({
    code: 0,
    stdout: 'start start ["1","2",true,[]]',
  });
});

test("a process that may start no program goes on as it is", async () => {
  expect(await run(["--permission", "--allow-fs-read=*", ...command])).toEqual({
    code: 0,
    stdout: "start [null,null,false,[]]",
  });
});

test("a process that talks to its parent keeps its channel", async () => {
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  let told = "";
  child.stdout?.setEncoding("utf8").on("data", (piece: string) => (told += piece));
  await once(child, "close");
  expect(told).toBe("start [null,null,false,[]]");
});
