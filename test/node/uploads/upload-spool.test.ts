/** What a start finds of uploads that others were receiving. */
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createUploadSpool } from "../../../src/node/uploads/upload-spool.ts";
import { makeTempFolder } from "../../support/local-store.ts";

const ID = "0f8fad5b-d9cb-469f-a165-70867728950e";
/** No process of this machine has it. */
const GONE = 2 ** 30;

test("what processes of this host left goes at the next start, and what another container receives stays", async () => {
  await using data = await makeTempFolder();
  const folder = join(data.path, "uploads");
  await mkdir(folder);
  // The process of a container has the same id in every container.
  const theirs = `${process.pid}-other-container-${ID}`;
  const abandoned = `${GONE}-other-container-${ID}`;
  const ours = [`${process.pid}-${hostname()}-${ID}`, `${GONE}-${hostname()}-${ID}`];
  for (const name of [theirs, abandoned, ...ours, "notes.md"])
    await writeFile(join(folder, name), "x");
  const long = Date.now() / 1_000 - 2 * 86_400;
  await utimes(join(folder, abandoned), long, long);
  await createUploadSpool(data.path);
  expect((await readdir(folder)).toSorted()).toEqual([theirs, "notes.md"].toSorted());
});

test("a service begins where no folder can be made or looked into, and an upload is told", async () => {
  await using data = await makeTempFolder();
  await writeFile(join(data.path, "uploads"), "a file");
  // Root may write everywhere else.
  for (const folder of ["/proc/nowhere", data.path]) {
    const spool = await createUploadSpool(folder);
    const body = (async function* () {
      yield new Uint8Array(3);
      await Promise.resolve();
    })();
    await expect(spool.receive(body, 10)).rejects.toMatchObject({ code: "store_unavailable" });
  }
});

test("an upload is of this host by its name", async () => {
  await using data = await makeTempFolder();
  const spool = await createUploadSpool(data.path);
  const body = (async function* () {
    yield new Uint8Array(3);
    await Promise.resolve();
  })();
  const upload = await spool.receive(body, 10);
  const [name = ""] = await readdir(join(data.path, "uploads"));
  expect(name.startsWith(`${process.pid}-${hostname()}-`)).toBe(true);
  await upload.discard();
  expect(await readdir(join(data.path, "uploads"))).toEqual([]);
});
