/** What a script does where an evaluation set is not at hand: says so, and goes on. */

/** True, with a loud word, when there is no such folder. */
export function isMissing(folder: string, exists: (path: string) => boolean): boolean {
  if (exists(folder)) return false;
  console.error(
    `SKIPPED: there is no evaluation set in ${folder || "(no folder named)"}; nothing was measured`,
  );
  return true;
}
