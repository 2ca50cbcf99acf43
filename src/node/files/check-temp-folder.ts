/** The folder for temporary files: the native library makes one of its own in it for every store, and ends the process where it cannot. */
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../errors.ts";
import { toReason } from "./is-code.ts";

/** Throws AppError store_unavailable, which names the folder. */
export async function checkTempFolder(): Promise<void> {
  const folder = tmpdir();
  try {
    await rmdir(await mkdtemp(join(folder, "tributary-")));
  } catch (thrown) {
    throw new AppError("store_unavailable", {
      detail: `no temporary files can be made in ${folder} (${toReason(thrown)}); set TMPDIR to a folder that can be written`,
      cause: thrown,
    });
  }
}
