/** The vectors of a collection's object in memory: a first choice by 8-bit integers, scored again exactly. */
import type { Hit } from "../../domain/hit.ts";
import type { SqlStorage } from "cloudflare:workers";
import { findTopRows } from "../../stores/top-rows.ts";
import { createInt8Block, quantize, toStride } from "../../stores/int8-block.ts";
import { vectorsLost } from "./protocol.ts";
import { type State, toBlockRows } from "./tables.ts";

/** At most so many times the hits wanted are scored exactly, or as many as the next figure. */
const CANDIDATES_FACTOR = 2;
const CANDIDATES_MIN = 40;
/** Of them those that rounding may have put behind the hits wanted: so many standard deviations. */
const DEVIATIONS = 8;
/** A row that has not died. */
const ALIVE = 2 ** 31 - 1;

export interface VectorIndex {
  /** Best first. `allowed`: slots that a filter lets through; undefined: all of the version. */
  search(query: Float32Array, options: SearchOptions): readonly Hit[];
}

export interface SearchOptions {
  readonly version: number;
  readonly limit: number;
  readonly allowed: Iterable<number> | undefined;
}

/** Reads the blocks. Throws AppError collection_unavailable when one is missing. */
export function loadVectorIndex(
  sql: SqlStorage,
  { spec, nextSlot }: State,
  kernel: WebAssembly.Module,
): VectorIndex {
  const { dimensions, name } = spec;
  const block = createInt8Block(kernel, nextSlot, dimensions);
  const perBlock = toBlockRows(dimensions);
  let expected = 0;
  const rows = sql.exec<{ block: number; values: ArrayBuffer; scales: ArrayBuffer }>(
    'SELECT block, "values", scales FROM blocks ORDER BY block',
  );
  for (const { block: index, values, scales } of rows) {
    if (index !== expected) break;
    expected += 1;
    const from = index * perBlock;
    const count = Math.min(perBlock, nextSlot - from);
    block.values.set(new Int8Array(values, 0, count * block.stride), from * block.stride);
    block.scales.set(new Float32Array(scales, 0, count), from);
  }
  if (expected * perBlock < nextSlot) {
    throw vectorsLost(name);
  }
  const born = new Int32Array(nextSlot).fill(ALIVE);
  const died = new Int32Array(nextSlot);
  const lives = sql.exec<{ slot: number; born: number; died: number | null }>(
    "SELECT slot, born, died FROM chunks WHERE vector IS NOT NULL",
  );
  for (const row of lives) {
    born[row.slot] = row.born;
    died[row.slot] = row.died ?? ALIVE;
  }
  return {
    search(query, { version, limit, allowed }) {
      const allows = toMask(allowed, nextSlot);
      const wanted = Math.max(CANDIDATES_MIN, limit * CANDIDATES_FACTOR);
      const scores = block.compare(query);
      const candidates = findTopRows(scores, {
        limit: wanted,
        passes(slot) {
          if ((born[slot] ?? ALIVE) > version || (died[slot] ?? 0) <= version) return false;
          return allows === undefined || allows[slot] === 1;
        },
      });
      const close = dropFar(candidates, { scores, scales: block.scales, limit });
      return rescore(sql, query, close).slice(0, limit);
    },
  };
}

function toMask(allowed: Iterable<number> | undefined, size: number): Uint8Array | undefined {
  if (allowed === undefined) return undefined;
  const mask = new Uint8Array(size);
  for (const slot of allowed) mask[slot] = 1;
  return mask;
}

interface Judged {
  readonly scores: Float32Array;
  readonly scales: Float32Array;
  readonly limit: number;
}

/**
 * Without those that no rounding error puts among the best. Components of unit vectors are rounded to whole
 * multiples of a scale, each with an error of a variance of scale² / 12, and so is their product's. The query's
 * own are far finer.
 */
function dropFar(
  candidates: readonly number[],
  { scores, scales, limit }: Judged,
): readonly number[] {
  const scoreOf = (slot: number): number => scores[slot] ?? 0;
  const floor = candidates.map(scoreOf).toSorted((a, b) => b - a)[limit - 1];
  if (floor === undefined) return candidates;
  return candidates.filter((slot) => {
    const deviation = (scales[slot] ?? 0) / Math.sqrt(12);
    return scoreOf(slot) >= floor - DEVIATIONS * deviation;
  });
}

/** Cosines of the stored vectors themselves, best first. */
function rescore(sql: SqlStorage, query: Float32Array, slots: readonly number[]): readonly Hit[] {
  const rows = sql.exec<{ slot: number; vector: ArrayBuffer }>(
    "SELECT slot, vector FROM chunks WHERE slot IN (SELECT value FROM json_each(?))",
    JSON.stringify(slots),
  );
  const scored: { readonly slot: number; readonly score: number }[] = [];
  for (const { slot, vector } of rows) {
    const values = new Float32Array(vector);
    let score = 0;
    for (let index = 0; index < query.length; index += 1) {
      score += (query[index] ?? 0) * (values[index] ?? 0);
    }
    scored.push({ slot, score });
  }
  return scored
    .toSorted((a, b) => b.score - a.score || a.slot - b.slot)
    .map(({ slot, score }) => ({ row: String(slot), score }));
}

/** Puts vectors of new slots, which follow one another, into the blocks that are stored. */
export function appendVectors(
  sql: SqlStorage,
  dimensions: number,
  firstSlot: number,
  vectors: readonly (ArrayBuffer | null)[],
): void {
  const stride = toStride(dimensions);
  const perBlock = toBlockRows(dimensions);
  for (let done = 0; done < vectors.length;) {
    const slot = firstSlot + done;
    const index = Math.floor(slot / perBlock);
    const { values, scales } = readBlock(sql, index, perBlock * stride, perBlock);
    const end = Math.min(vectors.length, done + perBlock - (slot % perBlock));
    for (; done < end; done += 1) {
      const row = (firstSlot + done) % perBlock;
      const vector = vectors[done];
      if (vector === null || vector === undefined) continue;
      const target = values.subarray(row * stride, (row + 1) * stride);
      scales[row] = quantize(new Float32Array(vector), target);
    }
    sql.exec(
      'INSERT OR REPLACE INTO blocks(block, "values", scales) VALUES (?, ?, ?)',
      index,
      values.buffer,
      scales.buffer,
    );
  }
}

function readBlock(
  sql: SqlStorage,
  index: number,
  bytes: number,
  rows: number,
): { readonly values: Int8Array<ArrayBuffer>; readonly scales: Float32Array<ArrayBuffer> } {
  const [found] = sql
    .exec<{ values: ArrayBuffer; scales: ArrayBuffer }>(
      'SELECT "values", scales FROM blocks WHERE block = ?',
      index,
    )
    .toArray();
  return found === undefined
    ? { values: new Int8Array(bytes), scales: new Float32Array(rows) }
    : { values: new Int8Array(found.values), scales: new Float32Array(found.scales) };
}
