/** Equality of JSON values: the order of keys does not count. */

/** Equal for values that are the same, and for no others. */
export function toKey(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([x], [y]) => (x < y ? -1 : 1)));
  });
}
