/** A title for a file that does not name itself. */

/** `guides/getting-started.md` → `getting-started`. */
export function toFileTitle(id: string): string {
  const name = id.slice(id.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}
