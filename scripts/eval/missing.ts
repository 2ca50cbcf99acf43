/** What a script does where an evaluation set is not at hand: says so, and goes on. */
import { existsSync } from "node:fs";
import { readCommandLine, refuseUse } from "../command-line.ts";

/** True, with a loud word, when there is no such folder. */
export function isMissing(folder: string): boolean {
  if (existsSync(folder)) return false;
  console.error(
    `SKIPPED: there is no evaluation set in ${folder || "(no folder named)"}; nothing was measured`,
  );
  return true;
}

/** The folders of evaluation sets that the command line names, without those that are missing. */
export function listFolders(usage: string): readonly string[] {
  const { positionals } = readCommandLine(usage, {}, Number.POSITIVE_INFINITY);
  if (positionals.length === 0) refuseUse("it takes a set", usage);
  return positionals.filter((folder) => !isMissing(folder));
}
