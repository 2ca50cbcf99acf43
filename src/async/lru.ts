/** A cache with two bounds, on entries and on bytes, that forgets what was not asked for the longest. */

export interface Lru<V> {
  get(key: string): V | undefined;
  /** `bytes` is the caller's own count of the value; the key counts two a character. */
  set(key: string, value: V, bytes: number): void;
  delete(key: string): void;
  readonly entries: number;
  readonly bytes: number;
}

export interface LruOptions {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

const BYTES_PER_CHAR = 2;

/** Creates an empty cache. A value that alone exceeds `bytesMax` is not kept. */
export function createLru<V>({ entriesMax, bytesMax }: LruOptions): Lru<V> {
  // A Map keeps the order of insertion: what is used is taken out and put in again.
  const kept = new Map<string, { readonly value: V; readonly bytes: number }>();
  let total = 0;

  const remove = (key: string): void => {
    total -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };

  return {
    get(key) {
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      kept.delete(key);
      kept.set(key, entry);
      return entry.value;
    },
    set(key, value, valueBytes) {
      remove(key);
      const bytes = valueBytes + key.length * BYTES_PER_CHAR;
      if (bytes > bytesMax || entriesMax < 1) return;
      kept.set(key, { value, bytes });
      total += bytes;
      for (const oldest of kept.keys()) {
        if (kept.size <= entriesMax && total <= bytesMax) break;
        remove(oldest);
      }
    },
    delete: remove,
    get entries() {
      return kept.size;
    },
    get bytes() {
      return total;
    },
  };
}
