/** Metadata out of what files say about themselves: names a filter can use, bounded plain values. */
import type { Metadata, MetadataValue } from "../../src/domain/chunk.ts";
import type { IngestLimits } from "../limits.ts";
import { stripHidden } from "./hidden-text.ts";

const REFUSED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Keeps strings, finite numbers, booleans and flat lists; leaves out the rest, and fields beyond the limit. */
export function toMetadata(
  entries: Iterable<readonly [string, unknown]>,
  limits: IngestLimits,
): Metadata {
  const metadata: Record<string, MetadataValue> = {};
  let fields = 0;
  for (const [name, raw] of entries) {
    const key = toKey(name);
    const value = toValue(raw, limits.metadataCharsMax);
    if (key === "" || value === undefined || Object.hasOwn(metadata, key)) continue;
    fields += 1;
    if (fields > limits.metadataFieldsMax) break;
    metadata[key] = value;
  }
  return metadata;
}

/** Whether metadata hold the value whole, and none of its texts is longer than `charsMax`. */
export function isMetadataValue(raw: unknown, charsMax: number): boolean {
  if (Array.isArray(raw)) {
    return raw.every((item) => !Array.isArray(item) && isMetadataValue(item, charsMax));
  }
  if (typeof raw === "string") return raw.trim().length <= charsMax;
  return typeof raw === "number" || typeof raw === "boolean";
}

/** `Unit price (€)` → `Unit_price`. */
function toKey(name: string): string {
  const key = name
    .trim()
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .replace(/^_+(?=[A-Za-z0-9])|_+$/g, "")
    .replace(/^(?=\d)/, "_")
    .slice(0, 63);
  return REFUSED.has(name) || REFUSED.has(key) ? "" : key;
}

function toValue(raw: unknown, charsMax: number): MetadataValue | undefined {
  if (typeof raw === "string") return toLine(raw, charsMax) || undefined;
  if (typeof raw === "number") return Number.isFinite(raw) ? raw : undefined;
  if (typeof raw === "boolean") return raw;
  if (!Array.isArray(raw)) return undefined;
  const items = raw.filter((item) => ["string", "number", "boolean"].includes(typeof item));
  const strings = items.slice(0, charsMax).map((item) => toLine(String(item), charsMax));
  return strings.length === 0 ? undefined : strings;
}

function toLine(raw: string, charsMax: number): string {
  return stripHidden(raw.slice(0, charsMax)).trim();
}
