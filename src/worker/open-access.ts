/** Which keys the Worker asks for: those of its secret API_KEYS. Others always reach it, so there must be some, or a word that there are none. */
import { type Access, createAccess } from "../access/access.ts";
import { parseKeyList } from "../access/key-list.ts";
import { systemClock } from "../async/clock.ts";
import type { Config } from "../config.ts";
import { misconfigured } from "./misconfigured.ts";

/** Undefined: AUTH is off. Throws AppError: misconfigured; invalid_request for keys that are none. */
export function createEdgeAccess({ auth, apiKeys }: Config): Access | undefined {
  if (auth === "off") return undefined;
  if (apiKeys === undefined) {
    throw misconfigured(
      "API_KEYS is not set; make keys with pnpm run keys create and put the file's text into this secret, or set AUTH to off",
    );
  }
  return createAccess({
    source: { keys: parseKeyList(apiKeys, "API_KEYS"), isStale: false },
    clock: systemClock,
  });
}
