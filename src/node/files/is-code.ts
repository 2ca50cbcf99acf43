/** The codes of what the system throws: `ENOENT`, `EEXIST`, … */

/** Is it an error with this code? */
export function isCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === code;
}

/** What work on a file gives; undefined where the file is not there. */
export async function ifFound<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (isCode(thrown, "ENOENT")) return undefined;
    throw thrown;
  }
}
