/** Loads the tools of one's own from the module that TOOLS_FILE names. */
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checkTools } from "../../agent/check-tools.ts";
import type { Tool } from "../../agent/tool.ts";
import { AppError } from "../../errors.ts";

/** No file, no tools. Throws AppError invalid_request: the file is missing, cannot be loaded, or has a tool that cannot be used. */
export async function loadTools(file: string | undefined): Promise<readonly Tool[]> {
  if (file === undefined) return [];
  const path = resolve(file);
  const source = `TOOLS_FILE ${file}`;
  try {
    await access(path);
  } catch (thrown) {
    throw new AppError("invalid_request", { detail: `${source}: cannot be read`, cause: thrown });
  }
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (thrown) {
    // Whoever starts the service wrote the file, so its own error is what helps.
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppError("invalid_request", { detail: `${source}: ${why}`, cause: thrown });
  }
  return checkTools(module["tools"], source);
}
