/** The codes of what the system throws: `ENOENT`, `EEXIST`, … */

/** Is it an error with this code? */
export function isCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === code;
}
