/** What is made when it is first asked for, and remembered. */

/** What `make` gives, made once. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** What `make` gives for an object, made once for each and forgotten with it. */
export function oncePer<K extends object, T>(make: (of: K) => T): (of: K) => T {
  const known = new WeakMap<K, { readonly value: T }>();
  return (of) => {
    let made = known.get(of);
    if (made === undefined) known.set(of, (made = { value: make(of) }));
    return made.value;
  };
}
