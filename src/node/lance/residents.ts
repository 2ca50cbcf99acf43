/** Which small collections are held in memory: loaded beside the questions, within a budget, the longest unused given up first. */
import type { Resident } from "./resident.ts";

export interface Residents {
  /**
   * The instance of a collection at this version when it is in memory. Else loading begins, unless a newer version
   * is known already, and the caller does without: nothing ever waits for it.
   */
  find(instance: string, version: number, load: () => Promise<Resident>): Resident | undefined;
  /** Resolves when nothing is being loaded. */
  idle(): Promise<void>;
}

interface Entry {
  readonly version: number;
  /** Undefined while it is being loaded, and for good when it could not be or was given up. */
  resident: Resident | undefined;
}

/** Creates an empty memory. With a budget of 0 nothing is ever held. */
export function createResidents(bytesMax: number): Residents {
  /** In order of use, the longest unused first. */
  const entries = new Map<string, Entry>();
  /** One at a time, so that many changed collections do not take the processor from the questions. */
  let loading = Promise.resolve();

  const makeRoom = (): void => {
    let bytes = 0;
    for (const { resident } of entries.values()) bytes += resident?.bytes ?? 0;
    for (const entry of entries.values()) {
      if (bytes <= bytesMax) return;
      bytes -= entry.resident?.bytes ?? 0;
      entry.resident = undefined;
    }
  };

  const fill = async (instance: string, entry: Entry, load: () => Promise<Resident>) => {
    if (entries.get(instance) !== entry) return; // a newer version came meanwhile
    try {
      entry.resident = await load();
      makeRoom();
    } catch {
      return; // native calls go on answering, and say what is wrong with the table
    }
  };

  return {
    find(instance, version, load) {
      const known = entries.get(instance);
      if (known !== undefined && known.version > version) return undefined;
      if (bytesMax === 0) return undefined;
      const entry = known?.version === version ? known : { version, resident: undefined };
      entries.delete(instance);
      entries.set(instance, entry);
      if (entry !== known) loading = loading.then(() => fill(instance, entry, load));
      return entry.resident;
    },
    idle: async () => {
      for (let last; last !== loading;) await (last = loading);
    },
  };
}
