/** What a start has compiled, kept for the next: stripping types and compiling is most of what a short command costs. */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

/** Beside the packages: it goes with them, and only who may write programs here may write there. */
const FOLDER = fileURLToPath(new URL("../../../node_modules/.cache/compiled", import.meta.url));

/**
 * Keeps compiled modules in node_modules/.cache, keyed by their contents, for this process and its children. Call it
 * before anything large is imported. Where the folder cannot be written, everything is compiled anew, as without it.
 * NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE switches it off: both are Node's own.
 */
export function keepCompiled(): void {
  if (process.env["NODE_COMPILE_CACHE"] !== undefined) return;
  enableCompileCache(FOLDER);
  process.env["NODE_COMPILE_CACHE"] = FOLDER;
}
