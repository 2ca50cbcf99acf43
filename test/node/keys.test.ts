/** `pnpm run keys`, and a service that sees what it did. */
import { spawnSync } from "node:child_process";
import { chmod, chown, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAccess } from "../../src/access/access.ts";
import { toKeyList } from "../../src/access/key-list.ts";
import { readKeyFile, watchKeyFile, writeKeyFile } from "../../src/node/keys/key-file.ts";
import { makeApp, makeService, recordLog } from "../support/app.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { bearer, makeKey } from "../support/keys.ts";
import { makeLocalStore, makeTempFolder, type TempFolder } from "../support/local-store.ts";
import { runProgram, startProgram } from "../support/process.ts";

let folder: TempFolder;
beforeAll(async () => {
  folder = await makeLocalStore();
});
afterAll(() => folder[Symbol.asyncDispose]());

const keys = (...args: string[]) => runProgram("src/node/keys.ts", args, { DATA_DIR: folder.path });

test("it says how it is used when it is asked", async () => {
  const { code, stdout, stderr } = await keys("--help");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("pnpm run keys create --name NAME");
});

test("a key is made, listed without its secret, used, revoked and seen to be", async () => {
  const made = await keys("create", "--name", "web", "--scopes", "ask,read", "--runs", "3");
  const key = /trib_[0-9a-f]{72}/.exec(made.stdout)?.[0] ?? "";
  const id = /key_\w+/.exec(made.stdout)?.[0] ?? "";
  expect([made.code, key.length]).toEqual([0, 77]);
  const path = join(folder.path, "keys.json");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, "utf8")).not.toContain(key.slice(5, 40));
  const listed = await keys("list");
  expect(listed.stdout).toContain(`${id}  web  ask,read  every collection  3 runs  valid`);
  expect(listed.stdout).not.toContain(key);

  await using server = startProgram("src/node/main.ts", [], {
    DATA_DIR: folder.path,
    PORT: "0",
    HOST: "0.0.0.0",
  });
  await server.printed("pnpm ask");
  expect(server.stdout()).toContain("asked for");
  expect(server.stdout()).toContain('/v1/ask -H "Authorization: Bearer $API_KEY" -H');
  const port = /:(\d+)\n/.exec(server.stdout())?.[1] ?? "";
  const status = async (headers: Record<string, string>) =>
    (await fetch(`http://127.0.0.1:${port}/v1/collections`, { headers })).status;
  expect([await status({}), await status(bearer(key))]).toEqual([401, 200]);
  const url = `http://127.0.0.1:${port}`;
  const asked = ["Why do retries use jitter?", "--url", url];
  expect((await runProgram("src/node/ask.ts", asked)).stderr).toContain("API_KEY");
  const answered = await runProgram("src/node/ask.ts", asked, { API_KEY: key });
  expect([answered.code, answered.stdout]).toEqual([0, expect.stringContaining("jitter")]);
  expect((await keys("revoke", id)).stdout).toContain("revoked");
  await expect.poll(() => status(bearer(key))).toBe(401);
  const second = /trib_\w+/.exec((await keys("create", "--name", "next")).stdout)?.[0] ?? "";
  await expect.poll(() => status(bearer(second))).toBe(200);
  await writeFile(path, `{"keys": "${key}`);
  await server.printed("keys-not-read");
  expect(await status(bearer(second))).toBe(200);
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect(await ready.json()).toMatchObject({ keys: "stale" });
  for (const secret of [key, second]) {
    expect(`${server.stdout()}${server.stderr()}`).not.toContain(secret);
  }
});

test.each([
  ["no command", [], "create, list or revoke"],
  ["a command that is none", ["destroy"], "create, list or revoke"],
  ["an option that is none", ["create", "--root"], "'--root'"],
  ["no name", ["create"], "--name takes"],
  ["a scope that is none", ["create", "--name", "x", "--scopes", "root"], "ask, read, write"],
  ["a collection that is none", ["create", "--name", "x", "--collections", "Ä"], "lower-case"],
  ["a limit of nothing", ["create", "--name", "x", "--runs", "0"], "--runs takes a whole"],
  [
    "a limit that is no number",
    ["create", "--name", "x", "--tokens-per-day", "many"],
    "--tokens-per-day takes",
  ],
  [
    "an expiry that is no number",
    ["create", "--name", "x", "--expires-days", "soon"],
    "--expires-days takes",
  ],
  ["an id that is none", ["revoke", "key_nobody"], "no key of this id"],
])("%s is refused and nothing is written", async (_, args, said) => {
  await using empty = await makeTempFolder();
  const ended = await runProgram("src/node/keys.ts", [...args], { DATA_DIR: empty.path });
  expect([ended.code, ended.stdout]).toEqual([2, ""]);
  expect(ended.stderr).toMatch(/^keys: /);
  expect(ended.stderr.split("\n", 1)[0]).toContain(said);
  await expect(stat(join(empty.path, "keys.json"))).rejects.toThrow("ENOENT");
});

test("a key that an empty list of collections was given sees none, and is listed so", async () => {
  await using own = await makeTempFolder();
  const args = ["create", "--name", "none", "--collections", ""];
  const { stdout } = await runProgram("src/node/keys.ts", args, { DATA_DIR: own.path });
  expect(stdout).toContain("  none  ask,read  no collection  valid");
});

test("a broken or missing file of keys is refused at the start", async () => {
  await using other = await makeTempFolder();
  const path = join(other.path, "keys.json");
  const start = (env: Record<string, string>) =>
    runProgram("src/node/main.ts", [], {
      DATA_DIR: folder.path,
      PORT: "0",
      API_KEYS_FILE: path,
      ...env,
    });
  const missing = await start({});
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("API_KEYS_FILE")]);
  await writeFile(path, '{"version": 1, "keys": [{"id": "zqcanary"}]}');
  const broken = await start({});
  expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining("not a list of keys")]);
  expect(broken.stderr).not.toContain("zqcanary");
});

test("a file that goes or breaks keeps its last keys, and coming back it counts again", async () => {
  await using other = await makeTempFolder();
  const path = join(other.path, "keys.json");
  const clock = createFakeClock();
  const log = recordLog();
  const [one, two, fixed] = await Promise.all([makeKey(), makeKey(), makeKey()]);
  await writeKeyFile(path, [one.entry]);
  const source = await watchKeyFile(path, [fixed.entry], { clock, log });
  const look = async (isStale: boolean): Promise<readonly string[]> => {
    await expect
      .poll(async () => {
        await clock.advance(500);
        return source.isStale;
      })
      .toBe(isStale);
    return source.keys.map(({ id }) => id);
  };
  await rm(path);
  expect(await look(true)).toEqual([fixed.entry.id, one.entry.id]);
  await writeKeyFile(path, [two.entry]);
  expect(await look(false)).toEqual([fixed.entry.id, two.entry.id]);
  await writeFile(path, "{");
  expect(await look(true)).toEqual([fixed.entry.id, two.entry.id]);
  expect(log.lines.filter((line) => line.includes("keys-not-read"))).toHaveLength(2);
  source.stop();
  await expect.poll(() => clock.pending).toBe(0);
});

test("a list that could not be read is tried again, though nothing tells its file from before", async () => {
  await using other = await makeTempFolder();
  const path = join(other.path, "keys.json");
  const clock = createFakeClock();
  const log = recordLog();
  const [one, two] = await Promise.all([makeKey(), makeKey()]);
  await writeKeyFile(path, [one.entry]);
  const source = await watchKeyFile(path, [], { clock, log });
  const becomes = (id: string, isStale: boolean) =>
    expect
      .poll(async () => {
        await clock.advance(500);
        return [source.keys.map((key) => key.id), source.isStale];
      })
      .toEqual([[id], isStale]);
  const text = toKeyList([two.entry]);
  await writeFile(path, text.replaceAll('"', "'"));
  await utimes(path, 1, 1);
  await becomes(one.entry.id, true);
  await clock.advance(5_000);
  await writeFile(path, text);
  await utimes(path, 1, 1);
  await becomes(two.entry.id, false);
  expect(log.lines.filter((line) => line.includes("keys-not-read"))).toHaveLength(1);
  source.stop();
});

test.skipIf(process.getuid?.() !== 0)(
  "what root revokes, the user of the service can still read",
  async () => {
    await using other = await makeTempFolder();
    const path = join(other.path, "keys.json");
    await chown(other.path, 1234, 1234);
    await writeKeyFile(path, []);
    expect(await stat(path)).toMatchObject({ uid: 1234, gid: 1234 });
    await chown(path, 4321, 1234);
    await writeKeyFile(path, []);
    expect(await stat(path)).toMatchObject({ uid: 4321, gid: 1234 });
  },
);

// Root of a container without root is nobody's root outside: it may write, and give nothing away.
const INSIDE = ["-U", "-r", process.execPath, "--input-type=module", "-e"];
test.skipIf(spawnSync("unshare", [...INSIDE, ""]).status !== 0)(
  "a root that may give nothing away writes all the same",
  async () => {
    await using other = await makeTempFolder();
    await chmod(other.path, 0o777);
    await chown(other.path, 1234, 1234);
    const path = join(other.path, "keys.json");
    const program = `import { writeKeyFile } from "./src/node/keys/key-file.ts"; await writeKeyFile(${JSON.stringify(path)}, []);`;
    const { status, stderr } = spawnSync("unshare", [...INSIDE, program], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(await readKeyFile(path)).toEqual([]);
  },
);

test("the first key of a running service counts at once; a first file that is broken lets nobody pass", async () => {
  await using other = await makeTempFolder();
  const path = join(other.path, "keys.json");
  const clock = createFakeClock();
  const source = await watchKeyFile(path, [], { clock, log: recordLog() });
  const app = makeApp(makeService({ access: createAccess({ source, clock }) }));
  const status = async (headers = {}) => (await app.request("/v1/collections", { headers })).status;
  const becomes = (wanted: number) =>
    expect
      .poll(async () => {
        await clock.advance(500);
        return status();
      })
      .toBe(wanted);
  expect(await status()).toBe(200);
  expect(await status({ Host: "elsewhere.example" })).toBe(403);
  await writeFile(path, "{");
  await becomes(401);
  const { key, entry } = await makeKey();
  expect(await status(bearer(key))).toBe(401);
  await writeKeyFile(path, [entry]);
  await expect.poll(async () => (await clock.advance(500), status(bearer(key)))).toBe(200);
  await rm(path);
  await clock.advance(1_000);
  expect(await status()).toBe(401);
  source.stop();
});

test("a folder that cannot be written says so", async () => {
  await using other = await makeTempFolder();
  await writeFile(join(other.path, "file"), "");
  await chmod(join(other.path, "file"), 0o400);
  await expect(writeKeyFile(join(other.path, "file", "keys.json"), [])).rejects.toThrow(
    "cannot be written",
  );
});
