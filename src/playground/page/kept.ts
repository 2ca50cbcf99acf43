/** What the browser keeps for the page. Storage may be switched off or full; the page works without. */

/** The text kept under the name; undefined when there is none, or no storage. */
export function readKept(storage: () => Storage, name: string): string | undefined {
  try {
    return storage().getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the text; false when there is no room or no storage. */
export function keep(storage: () => Storage, name: string, text: string): boolean {
  try {
    storage().setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

/** Forgets the name. */
export function forget(storage: () => Storage, name: string): void {
  try {
    storage().removeItem(name);
  } catch {
    // Nothing was kept where nothing can be kept.
  }
}
