/** Who asks: the caller that a key stands for, as long as the key counts. */
import type { Clock } from "../async/clock.ts";
import type { Caller } from "../domain/caller.ts";
import { AppError } from "../errors.ts";
import { isWellFormed, toDigest } from "./key.ts";
import type { Counts } from "./counts.ts";
import { createKeyLimits, type KeyLimits } from "./key-limits.ts";
import { createKeyIndex } from "./key-index.ts";
import type { KeyEntry } from "./key-list.ts";
import { createMemoryCounts } from "./memory-counts.ts";

/** The keys as they are now; they may change while the service runs. */
export interface KeySource {
  readonly keys: readonly KeyEntry[];
  /** The list was changed into something that cannot be read, and the last good one counts. */
  readonly isStale: boolean;
  /** There are no keys yet, and none are asked for. */
  readonly isOff?: boolean;
}

/** Why a credential was refused; for the log, never for the client. */
export type Refusal = "missing" | "malformed" | "unknown" | "revoked" | "expired";

export interface Access {
  /** Are keys asked for? Once they are, they always are. */
  readonly isOn: boolean;
  readonly limits: KeyLimits;
  readonly isStale: boolean;
  /** Throws AppError unauthenticated, the same for every reason; its cause is the Refusal. */
  authenticate(credential: string | undefined): Promise<Caller>;
}

export interface AccessOptions {
  readonly source: KeySource;
  readonly clock: Clock;
  /** What the keys have used up; absent: counted in this process. */
  readonly counts?: Counts | undefined;
  /** Milliseconds since 1970, for dates of expiry. */
  readonly wallMs?: () => number;
}

/** Whoever has shown no key, at the addresses that need none. */
export const NOBODY: Caller = { id: "nobody", scopes: new Set(), collections: new Set() };

/** Creates the access of those who hold keys. */
export function createAccess(options: AccessOptions): Access {
  const { source, clock, counts = createMemoryCounts(clock), wallMs = Date.now } = options;
  const findByDigest = createKeyIndex(source, "digest");
  return {
    limits: createKeyLimits(source, counts),
    get isOn() {
      return source.isOff !== true;
    },
    get isStale() {
      return source.isStale;
    },
    async authenticate(credential = "") {
      // Nothing is decided by the form, so that a malformed key takes as long as a wrong one.
      const key = findByDigest(await toDigest(credential));
      const refusal = toRefusal(key, credential, wallMs());
      if (key !== undefined && refusal === undefined) return toCaller(key);
      throw new AppError("unauthenticated", {
        detail: "send a key of this service as Authorization: Bearer, or as x-api-key",
        cause: refusal,
      });
    },
  };
}

function toRefusal(
  key: KeyEntry | undefined,
  credential: string,
  nowMs: number,
): Refusal | undefined {
  if (key?.revokedAt !== undefined) return "revoked";
  if (key?.expiresAt !== undefined && Date.parse(key.expiresAt) <= nowMs) return "expired";
  if (key !== undefined) return undefined;
  if (credential === "") return "missing";
  return isWellFormed(credential) ? "unknown" : "malformed";
}

function toCaller({ id, scopes, collections }: KeyEntry): Caller {
  return {
    id,
    scopes: new Set(scopes),
    ...(collections === undefined ? {} : { collections: new Set(collections) }),
  };
}
