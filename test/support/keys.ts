/** Keys for tests, and the access they give. */
import { createAccess, type KeySource } from "../../src/access/access.ts";
import { createKey, toDigest } from "../../src/access/key.ts";
import type { KeyEntry } from "../../src/access/key-list.ts";
import { systemClock, type Clock } from "../../src/async/clock.ts";

let made = 0;

/** A key, and its entry in the list. */
export async function makeKey(
  change: Partial<KeyEntry> = {},
): Promise<{ readonly key: string; readonly entry: KeyEntry }> {
  made += 1;
  const key = createKey();
  const entry: KeyEntry = {
    id: `key_test${made}`,
    name: "test",
    digest: await toDigest(key),
    scopes: ["ask", "read", "write"],
    createdAt: "2026-01-01T00:00:00.000Z",
    ...change,
  };
  return { key, entry };
}

/** The access of these keys, with the reasons of its refusals. */
export function makeAccess(entries: readonly KeyEntry[], clock: Clock = systemClock) {
  const source: { keys: readonly KeyEntry[]; isStale: boolean } & KeySource = {
    keys: entries,
    isStale: false,
  };
  return { access: createAccess({ source, clock }), source };
}

export const bearer = (key: string): Record<string, string> => ({ Authorization: `Bearer ${key}` });
