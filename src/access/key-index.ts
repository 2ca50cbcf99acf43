/** Finds a key in its list, however long that is, and anew when the list has changed. */
import type { KeySource } from "./access.ts";
import type { KeyEntry } from "./key-list.ts";

/**
 * Finds the key with this id, or with this digest; of several the last. The time that a look-up takes may tell
 * something of the digests in the list, but of a digest nobody finds the key, which is 256 random bits.
 */
export function createKeyIndex(
  source: KeySource,
  by: "id" | "digest",
): (value: string) => KeyEntry | undefined {
  let indexed: readonly KeyEntry[] = [];
  let index = new Map<string, KeyEntry>();
  return (value) => {
    if (indexed !== source.keys) {
      indexed = source.keys;
      index = new Map(indexed.map((key) => [key[by], key]));
    }
    return index.get(value);
  };
}
