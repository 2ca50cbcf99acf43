/** Over which objects a collection is spread, and which of them holds a document. */
import { AppError } from "../../errors.ts";
import { toStride } from "../../stores/int8-block.ts";

/** Objects of one collection; each is asked by every search. */
export const OBJECTS_MAX = 32;

/** The name in the registry of what is spread over so many objects; it is the first one's own. */
export function toObjectName(collection: string, number: number, count: number): string {
  return `${collection}@${number}${count > 1 ? `x${count}` : ""}`;
}

/** All objects behind a name in the registry, in the order of their parts. */
export function toObjects(name: string): readonly string[] {
  const count = Number(/@\d+x(\d+)$/.exec(name)?.[1] ?? 1);
  return Array.from({ length: count }, (_, part) => (part === 0 ? name : `${name}.${part}`));
}

/** How many objects so many chunks need. Throws AppError payload_too_large. */
export function countObjects(chunks: number, dimensions: number, bytesMax: number): number {
  const count = Math.max(1, Math.ceil((chunks * toStride(dimensions)) / bytesMax));
  if (count <= OBJECTS_MAX) return count;
  throw new AppError("payload_too_large", {
    detail: `${chunks} chunks of ${dimensions} dimensions need ${count} objects of OBJECT_VECTOR_BYTES_MAX, and a collection has at most ${OBJECTS_MAX}; split it into several collections`,
  });
}

const encoder = new TextEncoder();

/** The part of a document, the same for ever: FNV-1a over its id, with the last bits mixed in. */
export function toPart(documentId: string, count: number): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(documentId)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return ((hash ^ (hash >>> 12)) >>> 0) % count;
}

/** Things by the part of the document they belong to; every part has its list. */
export function splitByPart<T>(
  things: readonly T[],
  count: number,
  documentOf: (thing: T) => string,
): readonly (readonly T[])[] {
  const parts: T[][] = Array.from({ length: count }, () => []);
  for (const thing of things) parts[toPart(documentOf(thing), count)]?.push(thing);
  return parts;
}
