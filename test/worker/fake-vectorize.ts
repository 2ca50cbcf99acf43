/**
 * A fake of an index of Vectorize, after https://developers.cloudflare.com/vectorize/reference/client-api/: `query` to
 * `{ count, matches }` best first, `upsert` and `deleteByIds` to `{ mutationId }`, `describe` to `{ dimensions }`. Limits
 * are those of https://developers.cloudflare.com/vectorize/platform/limits/; beyond them it throws as the runtime's own
 * client does. What is written can be found at once.
 */
import type {
  IndexQuery,
  IndexVector,
  VectorizeBinding,
} from "../../src/worker/vectorize-calls.ts";

export interface FakeIndexOptions {
  readonly dimensions: number;
  readonly metric?: string;
  /** Fields that have a metadata index: only those come back with more than 20 hits. */
  readonly indexed?: readonly string[];
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;

export function createFakeIndex(options: FakeIndexOptions) {
  const { dimensions, metric, indexed = ["document", "position"] } = options;
  const vectors = new Map<string, IndexVector>();
  const calls: string[] = [];
  let mutations = 0;
  const refuse = (operation: string, why: string): never => {
    throw new Error(`${operation}_ERROR (code = 40000): ${why}`);
  };
  const cosine = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  const binding: VectorizeBinding = {
    async describe() {
      calls.push("describe");
      return { dimensions, vectorCount: vectors.size, ...(metric === undefined ? {} : { metric }) };
    },
    async query(vector, { topK, namespace, returnMetadata }: IndexQuery) {
      calls.push("query");
      if (topK > 100 || returnMetadata !== "indexed") refuse("VECTOR_QUERY", "topK");
      if (vector.length !== dimensions) refuse("VECTOR_QUERY", "dimensions");
      const matches = [...vectors.values()]
        .filter((one) => one.namespace === namespace)
        .map(({ id, values, metadata }) => {
          const kept = Object.entries(metadata).filter(([name]) => indexed.includes(name));
          const score = cosine(vector, values);
          return {
            id,
            score,
            ...(kept.length === 0 ? {} : { metadata: Object.fromEntries(kept) }),
          };
        })
        .toSorted((a, b) => b.score - a.score)
        .slice(0, topK);
      return { count: matches.length, matches };
    },
    async upsert(written) {
      calls.push(`upsert ${written.length}`);
      if (written.length > 1_000) refuse("VECTOR_UPSERT", "too many");
      for (const vector of written) {
        const { id, namespace, values } = vector;
        if (bytes(id) > 64 || bytes(namespace) > 64) refuse("VECTOR_UPSERT", "a name is too long");
        if (values.length !== dimensions) refuse("VECTOR_UPSERT", "dimensions");
        vectors.set(id, vector);
      }
      return { mutationId: `m${(mutations += 1)}` };
    },
    async deleteByIds(ids) {
      calls.push(`delete ${ids.length}`);
      for (const id of ids) vectors.delete(id);
      return { mutationId: `m${(mutations += 1)}` };
    },
  };
  return { binding, vectors, calls };
}
