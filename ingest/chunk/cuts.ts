/** Chooses where the chunks of a section begin, all cuts together. */
import type { Span } from "../../src/text/sentences.ts";
import type { Atom } from "./atoms.ts";

/** What a chunk is made of; `columns`: of the table that it begins in the middle of. */
export type Piece = Span & Pick<Atom, "columns">;

/** Too long is worse than too short: it drowns what it says and costs context. */
const EXCESS_WEIGHT = 4;

/**
 * The atoms put together to spans no longer than `charsMax`, at the least total cost of sizes off
 * the target and of cuts within something. No atom may be longer than `charsMax`.
 * Dynamic programming over the last cut, as in Knuth and Plass, "Breaking Paragraphs into Lines".
 */
export function chooseCuts(
  atoms: readonly Atom[],
  { charsTarget, charsMax }: { readonly charsTarget: number; readonly charsMax: number },
): readonly Piece[] {
  /** `costs[n]`: of the first n atoms; `firsts[n]`: the atom the last chunk of those begins with. */
  const costs = new Float64Array(atoms.length + 1).fill(Number.POSITIVE_INFINITY);
  const firsts = new Uint32Array(atoms.length + 1);
  costs[0] = 0;
  for (const [last, { end }] of atoms.entries()) {
    for (let first = last; first >= 0; first--) {
      const atom = atoms[first];
      if (atom === undefined || end - atom.start > charsMax) break;
      const cost =
        (costs[first] ?? 0) +
        (first === 0 ? 0 : atom.cutCost) +
        toSizeCost((end - atom.start) / charsTarget);
      if (cost < (costs[last + 1] ?? 0)) {
        costs[last + 1] = cost;
        firsts[last + 1] = first;
      }
    }
  }
  return toPieces(atoms, firsts);
}

/** From the last chunk back to the first. */
function toPieces(atoms: readonly Atom[], firsts: Uint32Array): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let count = atoms.length; count > 0;) {
    const first = firsts[count] ?? 0;
    const { start = 0, columns } = atoms[first] ?? {};
    const span = { start, end: atoms[count - 1]?.end ?? 0 };
    pieces.push(columns === undefined ? span : { ...span, columns });
    count = first;
  }
  return pieces.toReversed();
}

/** 0 at the target, 1 at nothing and at half as much again. */
function toSizeCost(ratio: number): number {
  return ratio <= 1 ? (1 - ratio) ** 2 : EXCESS_WEIGHT * (ratio - 1) ** 2;
}
