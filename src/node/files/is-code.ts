/** The codes of what the system throws: `ENOENT`, `EEXIST`, … */

/** Is it an error with one of these codes? */
export function isCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && "code" in thrown && codes.some((code) => thrown.code === code);
}

/** The code, for people. */
export function toReason(thrown: unknown): string {
  const { code = "unknown reason" } = thrown as NodeJS.ErrnoException;
  return code;
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
