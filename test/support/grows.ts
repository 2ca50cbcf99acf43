/** Is a JSON value the beginning of another: nothing changed, nothing gone, and only its last part longer? */
export function isBeginning(before: unknown, after: unknown): boolean {
  return begins(before, after, true);
}

function begins(a: unknown, b: unknown, isLast: boolean): boolean {
  if (typeof a === "string" && typeof b === "string") return a === b || (isLast && b.startsWith(a));
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [earlier, later] = [Object.entries(a), Object.entries(b)];
  if (!isLast && earlier.length !== later.length) return false;
  return earlier.every(([key, inner], index) => {
    const [laterKey, whole] = later[index] ?? [];
    return key === laterKey && begins(inner, whole, isLast && index === earlier.length - 1);
  });
}
