/** Styles of office files, which take after those that they are based on. */

/** What a style says, or else the nearest of those that it is based on. */
export function findSaid<Said>(
  style: string,
  said: ReadonlyMap<string, Said>,
  bases: ReadonlyMap<string, string>,
): Said | undefined {
  const passed = new Set<string>();
  for (
    let at: string | undefined = style;
    at !== undefined && !passed.has(at);
    at = bases.get(at)
  ) {
    const value = said.get(at);
    if (value !== undefined) return value;
    passed.add(at);
  }
  return undefined;
}
