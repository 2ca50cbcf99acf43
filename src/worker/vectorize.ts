/**
 * Vectors of the objects in an index of Vectorize too, which then answers vector legs. Words, texts and everything else
 * stay with the object. So do the vectors, for what an index cannot answer: a question with a filter, one that wants
 * more than 100 hits, and what was pushed so recently that the index may not show all of it yet.
 *
 * An object is a namespace of the index; the metadata of a vector says which chunk it is of, and both of its fields
 * have a metadata index, because only those come back with 100 hits. Limits:
 * https://developers.cloudflare.com/vectorize/platform/limits/. Not run against the real service.
 */
import type { Hit } from "../domain/hit.ts";
import pMap from "p-map";
import * as z from "zod";
import { AppError } from "../errors.ts";
import { checkQuery } from "../stores/check.ts";
import type { DocumentState, DocumentWrite, Snapshot, StoreQuery } from "../stores/store.ts";
import type { Log } from "../telemetry/log.ts";
import { toSha256 } from "../text/digest.ts";
import type { VectorSource } from "./durable/vector-source.ts";
import { type CallIndex, type IndexVector, toIndexConfigError } from "./vectorize-calls.ts";

export interface VectorizeOptions {
  readonly call: CallIndex;
  /** Names of the collections whose vectors are kept there. */
  readonly collections: ReadonlySet<string>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** Calls at the same time. */
  readonly concurrency: number;
}

/** With no more metadata than is indexed. */
const HITS_MAX = 100;
const UPSERTS_MAX = 1_000;
/** The documentation names no limit. */
const DELETIONS_MAX = 100;
/** Of what is indexed of a text; a name that is cut names nothing. */
const NAME_BYTES_MAX = 64;
/** What is written is seen after "a few seconds". */
const SETTLED_MS = 120_000;
const WRITE_TIMEOUT_MS = 15_000;
/** Of a cosine, with the errors of an approximate one. */
const SCORE_MAX = 1.05;
const DIGEST_DIGITS = 32;

const Info = z.object({ dimensions: z.int(), metric: z.string().optional() });
const Written = z.object({ mutationId: z.string() });
const Matches = z.object({
  matches: z.array(
    z.object({ id: z.string(), score: z.number(), metadata: z.unknown().optional() }),
  ),
});
const Place = z.object({ document: z.string(), position: z.int().nonnegative() });
type Match = z.infer<typeof Place> & { readonly score: number };

/** Creates the source; nothing is called. */
export function createVectorize(options: VectorizeOptions): VectorSource {
  const { call, collections, log } = options;
  return {
    async check(spec, signal) {
      if (!collections.has(spec.name)) return;
      const work = { timeoutMs: WRITE_TIMEOUT_MS, shape: Info };
      const info = await call({ ...work, work: (index) => index.describe() }, signal);
      if (info.metric !== undefined && info.metric !== "cosine") {
        throw toIndexConfigError("must have the metric cosine: create it anew");
      }
      if (info.dimensions === spec.dimensions) return;
      throw new AppError("embedder_mismatch", {
        detail: `VECTORIZE_COLLECTIONS names ${spec.name}, whose vectors have ${spec.dimensions} dimensions; the index VECTORIZE has ${info.dimensions}`,
      });
    },
    async put(object, documents, signal) {
      if (!collections.has(toCollection(object))) return;
      const vectors = await toVectors(object, documents);
      for (let at = 0; at < vectors.length; at += UPSERTS_MAX) {
        const some = vectors.slice(at, at + UPSERTS_MAX);
        const work = { timeoutMs: WRITE_TIMEOUT_MS, shape: Written };
        await call({ ...work, work: (index) => index.upsert(some) }, signal);
      }
    },
    async remove(object, documents, signal) {
      if (!collections.has(toCollection(object))) return true;
      try {
        await pMap(
          toDeletions(object, documents),
          (ids) => {
            const work = { timeoutMs: WRITE_TIMEOUT_MS, shape: Written };
            return call({ ...work, work: (index) => index.deleteByIds(ids) }, signal);
          },
          { concurrency: options.concurrency },
        );
        return true;
      } catch (thrown) {
        log.error("vectorize-leftover", thrown, { object });
        return false;
      }
    },
    wrap(snapshot, object) {
      if (!collections.has(snapshot.info.name)) return snapshot;
      return {
        ...snapshot,
        async search(query, signal) {
          const found = await searchIndex(snapshot, query, { ...options, object, signal });
          return found ?? snapshot.search(query, signal);
        },
      };
    },
  };
}

interface Search extends VectorizeOptions {
  readonly object: string;
  readonly signal: AbortSignal;
}

/** What the index finds; undefined where the object has to answer. */
async function searchIndex(
  snapshot: Snapshot,
  query: StoreQuery,
  { call, object, signal, wallMs, concurrency }: Search,
): Promise<readonly Hit[] | undefined> {
  if (query.type !== "vector" || query.filter !== undefined) return undefined;
  const topK = checkQuery(snapshot.info, query);
  if (topK > HITS_MAX || !(await isSettled(snapshot, wallMs(), signal))) return undefined;
  const options = { topK, namespace: await toDigest(object), returnMetadata: "indexed" } as const;
  const answer = await call(
    {
      // Half of the leg's time: a call that hangs leaves the time for another one.
      timeoutMs: query.timeoutMs / 2,
      work: (index) => index.query(query.vector, options),
      shape: Matches,
    },
    signal,
  );
  const matches = answer.matches.map(toMatch);
  // An index that lacks some of a collection does not say so; one that has all of it brings as many as were asked for.
  if (matches.length < Math.min(topK, snapshot.info.chunks)) return undefined;
  return toHits(matches, snapshot, { signal, concurrency });
}

async function isSettled(snapshot: Snapshot, nowMs: number, signal: AbortSignal): Promise<boolean> {
  const { committedAtMs = nowMs } = (await snapshot.condition?.(signal)) ?? {};
  return nowMs - committedAtMs >= SETTLED_MS;
}

function toMatch({ score, metadata }: z.infer<typeof Matches>["matches"][number]): Match {
  const place = Place.safeParse(metadata);
  if (!place.success) {
    throw toIndexConfigError(
      "lacks the metadata indexes document and position: create them, then push the collection again",
    );
  }
  if (Math.abs(score) > SCORE_MAX) {
    throw toIndexConfigError("must have the metric cosine: create it anew");
  }
  return { ...place.data, score };
}

/** The rows of the chunks, a call for each document; undefined when the object lacks one of them. */
async function toHits(
  matches: readonly Match[],
  snapshot: Snapshot,
  { signal, concurrency }: { readonly signal: AbortSignal; readonly concurrency: number },
): Promise<readonly Hit[] | undefined> {
  const rows = new Map<Match, string>();
  await pMap(
    Map.groupBy(matches, ({ document }) => document),
    async ([documentId, group]) => {
      const positions = group.map(({ position }) => position);
      const from = Math.min(...positions);
      const limit = Math.max(...positions) - from + 1;
      const found = await snapshot.rowsOf({ documentId, from, limit }, signal);
      for (const match of group) {
        const row = found[match.position - from];
        if (row !== undefined) rows.set(match, row);
      }
    },
    { concurrency },
  );
  if (rows.size < matches.length) return undefined;
  return matches
    .map((match) => ({ row: rows.get(match) ?? "", score: match.score }))
    .toSorted((a, b) => b.score - a.score);
}

async function toVectors(
  object: string,
  documents: readonly DocumentWrite[],
): Promise<readonly IndexVector[]> {
  const namespace = await toDigest(object);
  const all: IndexVector[] = [];
  for (const { id: document, chunks } of documents) {
    if (new TextEncoder().encode(document).length > NAME_BYTES_MAX) {
      throw new AppError("invalid_request", {
        detail: `document ${document} has an id of more than ${NAME_BYTES_MAX} bytes, which the index VECTORIZE cannot keep: take the collection out of VECTORIZE_COLLECTIONS`,
      });
    }
    const toId = await createIds(object, document);
    for (const { chunk, vector } of chunks) {
      if (vector === undefined) continue;
      const { position } = chunk;
      all.push({ id: toId(position), namespace, values: vector, metadata: { document, position } });
    }
  }
  return all;
}

async function* toDeletions(
  object: string,
  documents: AsyncIterable<DocumentState>,
): AsyncGenerator<readonly string[]> {
  let ids: string[] = [];
  for await (const { id, chunks } of documents) {
    const toId = await createIds(object, id);
    for (let position = 0; position < chunks; position += 1) {
      ids.push(toId(position));
      if (ids.length < DELETIONS_MAX) continue;
      yield ids;
      ids = [];
    }
  }
  if (ids.length > 0) yield ids;
}

/** Ids are unique in the whole index and have at most 64 bytes. */
async function createIds(object: string, document: string): Promise<(position: number) => string> {
  const digest = await toDigest(`${object}\n${document}`);
  return (position) => `${digest}#${position}`;
}

/** Names of namespaces have at most 64 bytes, which those of objects may exceed. */
async function toDigest(text: string): Promise<string> {
  return (await toSha256(text)).slice(0, DIGEST_DIGITS);
}

/** The name of an object is that of its collection, an @ and a number. */
function toCollection(object: string): string {
  return object.slice(0, object.lastIndexOf("@"));
}
