/** Equality of JSON values: the order of keys does not count. */

export function isSame(a: unknown, b: unknown): boolean {
  return a === b || toKey(a) === toKey(b);
}

/** Equal for values that are the same. */
export function toKey(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([x], [y]) => (x < y ? -1 : 1)));
  });
}
