import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createUploadSpool } from "../../../src/node/uploads/upload-spool.ts";
import { toWriteError } from "../../../src/node/files/write-error.ts";
import { makeTempFolder } from "../../support/local-store.ts";

const cases = [
  ["EROFS", "store_read_only", false],
  ["EACCES", "store_read_only", false],
  ["EPERM", "store_read_only", false],
  ["ENOSPC", "store_full", false],
  ["EDQUOT", "store_full", false],
] as const;

test.each(cases)("a write that ends with %s is %s, and whether to try again is %s", (...given) => {
  const [systemCode, code, retryable] = given;
  const cause = Object.assign(new Error("/secret/path"), { code: systemCode });
  expect(toWriteError(cause)).toMatchObject({ code, retryable, cause });
  expect(toWriteError(cause)?.detail).not.toContain("secret");
});

test("what else the system says may pass", () => {
  expect(toWriteError(Object.assign(new Error("busy"), { code: "EMFILE" }))).toBeUndefined();
  expect(toWriteError(new Error("odd"))).toBeUndefined();
});

test("an upload to a folder that takes nothing is not to be sent again", async () => {
  await using data = await makeTempFolder();
  const spool = await createUploadSpool(data.path);
  // In it nobody makes a file, whatever their rights.
  await symlink("/sys", join(data.path, "uploads"));
  const body = (async function* () {
    yield await Promise.resolve(new Uint8Array(3));
  })();
  await expect(spool.receive(body, 10)).rejects.toMatchObject({ retryable: false });
});
