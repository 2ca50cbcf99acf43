/** What every store refuses, whatever is behind it: damaged vectors, inconsistent documents, senseless queries. */
import type { MetadataValue } from "../domain/chunk.ts";
import { COLLECTION_NAME, type CollectionSpec, type MetadataType } from "../domain/collection.ts";
import { AppError } from "../errors.ts";
import { checkFilter } from "../domain/check-filter.ts";
import type { Change, DocumentWrite, StoreQuery } from "./store.ts";

/** Most hits one search brings; a larger limit means this one. */
const HITS_MAX = 1_000;
/** Most terms of one keyword query; the ones that weigh most are kept. */
export const QUERY_TERMS_MAX = 64;
/** How far a vector's length may be from 1. */
const UNIT_TOLERANCE = 1e-3;
const DIMENSIONS_MAX = 8_192;
const METADATA_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** Throws AppError invalid_request when no collection can be made of the spec. */
export function checkSpec(spec: CollectionSpec): void {
  const refuse = (why: string): never => {
    throw new AppError("invalid_request", { detail: `collection "${spec.name}": ${why}` });
  };
  if (!COLLECTION_NAME.test(spec.name)) {
    refuse("a name is 1-63 lower-case letters, digits, - and _, beginning with a letter or digit");
  }
  const { dimensions } = spec;
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > DIMENSIONS_MAX) {
    refuse(`dimensions must be a whole number from 1 to ${DIMENSIONS_MAX}, got ${dimensions}`);
  }
  const names = Object.keys(spec.metadata);
  const wrong = names.find((name) => !METADATA_NAME.test(name));
  if (wrong !== undefined) refuse(`metadata field "${wrong}" is not a plain name`);
  const lower = names.map((name) => name.toLowerCase());
  if (new Set(lower).size < lower.length) refuse("metadata fields differ in case only");
}

/**
 * Throws AppError before anything is written: embedding_invalid for a vector that is not a finite unit
 * vector of the collection's dimensions, invalid_request for a document that contradicts itself or is
 * in the change twice.
 */
export function checkChange(spec: CollectionSpec, change: Change): void {
  const seen = new Set<string>();
  for (const id of [...change.put.map((document) => document.id), ...change.remove]) {
    if (seen.has(id)) refuseDocument(id, "is in the change twice");
    seen.add(id);
  }
  for (const document of change.put) checkDocument(spec, document);
}

function checkDocument(spec: CollectionSpec, document: DocumentWrite): void {
  if (document.chunks.length === 0) refuseDocument(document.id, "has no chunks; remove it instead");
  for (const [index, { chunk, vector }] of document.chunks.entries()) {
    if (chunk.documentId !== document.id || chunk.id !== `${document.id}#${index}`) {
      refuseDocument(document.id, `has chunk ${chunk.id} where ${document.id}#${index} belongs`);
    }
    if (chunk.position !== index) refuseDocument(document.id, `has chunk ${index} out of order`);
    if (vector !== undefined) checkVector(spec, vector, `chunk ${chunk.id}`);
    for (const [name, type] of Object.entries(spec.metadata)) {
      const value = Object.hasOwn(chunk.metadata, name) ? chunk.metadata[name] : undefined;
      if (value !== undefined && !isOfType(value, type)) {
        refuseDocument(document.id, `has a metadata field ${name} that is not a ${type}`);
      }
    }
  }
}

function refuseDocument(id: string, why: string): never {
  throw new AppError("invalid_request", { detail: `document "${id}" ${why}` });
}

function isOfType(value: MetadataValue, type: MetadataType): boolean {
  if (type === "string[]") {
    return Array.isArray(value) && value.every((item) => typeof item === "string");
  }
  return typeof value === type && (type !== "number" || Number.isFinite(value));
}

/** Throws AppError embedder_mismatch for another length, embedding_invalid for what is not a finite unit vector. */
export function checkVector(spec: CollectionSpec, vector: Float32Array, what: string): void {
  if (vector.length !== spec.dimensions) {
    throw new AppError("embedder_mismatch", {
      detail: `${what}: the vector has ${vector.length} dimensions, collection ${spec.name} has ${spec.dimensions} (embedder ${spec.embedder})`,
    });
  }
  let sum = 0;
  for (const value of vector) sum += value * value;
  // The comparison is false for NaN, so that NaN is refused as well.
  if (!(Math.abs(Math.sqrt(sum) - 1) <= UNIT_TOLERANCE)) {
    throw new AppError("embedding_invalid", {
      detail: `${what}: the vector is not of unit length with finite components`,
    });
  }
}

/** Checks a query and returns how many hits it may bring. Throws AppError invalid_request, invalid_filter, embedding_invalid, embedder_mismatch. */
export function checkQuery(spec: CollectionSpec, query: StoreQuery): number {
  if (!Number.isInteger(query.limit) || query.limit < 1) {
    throw new AppError("invalid_request", {
      detail: `limit must be a whole number from 1, got ${query.limit}`,
    });
  }
  if (query.filter !== undefined) checkFilter(query.filter, spec);
  if (query.type === "vector") checkVector(spec, query.vector, "query");
  else if (query.terms.some(({ idf }) => !Number.isFinite(idf) || idf < 0)) {
    throw new AppError("invalid_request", {
      detail: "a term's weight must be finite and not negative",
    });
  }
  return Math.min(query.limit, HITS_MAX);
}

/** The names a caller may ask for; anything else is not there. Throws AppError collection_not_found. */
export function checkName(collection: string): void {
  if (!COLLECTION_NAME.test(collection)) throw collectionNotFound(collection);
}

/** What the work gives; undefined where there is no such collection. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "collection_not_found") return undefined;
    throw thrown;
  }
}

/** The error for a name that is no collection. */
export function collectionNotFound(collection: string): AppError {
  return new AppError("collection_not_found", {
    detail: `there is no collection "${collection.slice(0, 80)}"`,
  });
}
