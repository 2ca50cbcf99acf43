/** A vector as an endpoint sent it, held to what a vector must be, at unit length. */
import { AppError } from "../errors.ts";
import type { Upstream } from "./upstream.ts";

/** Below this length a vector is noise around zero and its direction means nothing. */
const NORM_MIN = 1e-12;

/**
 * The row as a vector of unit length. `dimensions`: the length it must have; undefined: any.
 * Throws AppError embedding_invalid for another length, and for what is not finite, zero or no numbers.
 */
export function toUnitVector(
  row: unknown,
  dimensions: number | undefined,
  upstream: Upstream,
): Float32Array {
  const invalid = (what: string): AppError =>
    new AppError("embedding_invalid", { detail: `${upstream.name} sent ${what}` });
  if (!Array.isArray(row) || row.length === 0)
    throw invalid("a vector that is not a list of numbers");
  if (dimensions !== undefined && row.length !== dimensions) {
    throw invalid(`a vector of ${row.length} components instead of ${dimensions}`);
  }
  let sum = 0;
  for (const value of row as readonly unknown[]) {
    if (typeof value !== "number") throw invalid("a vector with a component that is not a number");
    sum += value * value;
  }
  const norm = Math.sqrt(sum);
  if (!Number.isFinite(norm)) throw invalid("a vector that is not finite");
  if (norm < NORM_MIN) throw invalid("a vector of zeros");
  // A plain loop: `Float32Array.from` with a mapper takes several times as long.
  const vector = new Float32Array(row.length);
  for (let at = 0; at < row.length; at += 1) vector[at] = (row[at] as number) / norm;
  return vector;
}
