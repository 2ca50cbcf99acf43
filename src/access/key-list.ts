/** The keys of a service as they are written down: digests with what each may do, never the keys themselves. */
import * as z from "zod";
import { SCOPES } from "../domain/caller.ts";
import { COLLECTION_NAME } from "../domain/collection.ts";
import { AppError } from "../errors.ts";

const Limit = z.int().min(1).max(1_000_000_000);

export const KeyEntry = z.strictObject({
  /** Names the caller in limits and runs. */
  id: z.string().regex(/^key_[a-z0-9]{4,32}$/),
  name: z.string().min(1).max(100),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** Absent: all. */
  collections: z.array(z.string().regex(COLLECTION_NAME)).optional(),
  requestsPerMinuteMax: Limit.optional(),
  /** Running and waiting. */
  runsMax: Limit.optional(),
  tokensPerDayMax: Limit.optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
  revokedAt: z.iso.datetime().optional(),
});
export type KeyEntry = z.infer<typeof KeyEntry>;

const KeyList = z.strictObject({
  version: z.literal(1),
  keys: z
    .array(KeyEntry)
    .max(10_000)
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, "names an id twice"),
});

/**
 * Reads a list. Throws AppError invalid_request that says where it is wrong and shows nothing of its
 * contents; `source` names it for people.
 */
export function parseKeyList(text: string, source: string): readonly KeyEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
    throw new AppError("invalid_request", { detail: `${source} is not JSON` });
  }
  const parsed = KeyList.safeParse(value);
  if (parsed.success) return parsed.data.keys;
  const places = parsed.error.issues.map(({ path }) => path.join(".") || "the whole");
  throw new AppError("invalid_request", {
    detail: `${source} is not a list of keys; wrong there: ${[...new Set(places)].join(", ")}`,
  });
}

/** The text of a list. */
export function toKeyList(keys: readonly KeyEntry[]): string {
  return `${JSON.stringify({ version: 1, keys }, null, 2)}\n`;
}
