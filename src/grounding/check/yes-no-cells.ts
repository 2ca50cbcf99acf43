/** A table's cell that says yes or no, beside a claim about its row and column: `Basic has no SSO`. */
import { oncePer } from "../../async/once.ts";
import { toContentStems } from "../../text/words.ts";
import type { Evidence, Said } from "./evidence.ts";
import type { Reading } from "./reading.ts";

const YES = /^(?:yes|true|included|ja|oui|sí|✓|✔|✔️|✅|☑)$/iu;
const NO = /^(?:no|false|not included|nein|non|–|—|-|✗|✘|❌|✖)$/iu;
/** Such a claim speaks of more than one of them, or denies in a word of its own. */
const UNCLEAR =
  /(?<!\p{L})(?:only|but|except|unlike|while|whereas|missing|unavailable|excluded|from|upgrade|add|nur|aber|außer|fehlt|seulement|mais|sauf|solo|pero)(?!\p{L})/iu;

interface YesNo {
  readonly key: ReadonlySet<string>;
  readonly column: ReadonlySet<string>;
  readonly isYes: boolean;
}

const listCells = oncePer(({ sentences }: Evidence): readonly YesNo[] =>
  sentences.flatMap(({ row }: Said) => {
    if (row === undefined) return [];
    const { cells, names } = row;
    const key = toContentStems(cells[0] ?? "");
    return cells.slice(1).flatMap((cell, at) => {
      const column = toContentStems(names[at + 1] ?? "");
      const isCell = key.size > 0 && column.size > 0 && (YES.test(cell) || NO.test(cell));
      return isCell ? [{ key, column, isYes: YES.test(cell) }] : [];
    });
  }),
);

/** Does the claim say yes of what the only cell that it speaks of says no, or the other way round? */
export function deniesCell(claim: Reading, evidence: readonly Evidence[]): boolean {
  if (UNCLEAR.test(claim.text)) return false;
  const meant = evidence
    .flatMap(listCells)
    .filter(({ key, column }) => key.isSubsetOf(claim.stems) && column.isSubsetOf(claim.stems));
  const [first] = meant;
  if (first === undefined) return false;
  if (meant.some(({ column, isYes }) => isYes !== first.isYes || !isSame(column, first.column))) {
    return false;
  }
  const isDenied = [...first.column].some((stem) => claim.denial.within.has(stem));
  return first.isYes ? isDenied : !claim.isNegated;
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && one.isSubsetOf(other);
}
