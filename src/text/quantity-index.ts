/** What quantities a text holds, to look up those of a claim. */
import { toAmounts } from "./conversions.ts";
import { findNamedDates } from "./dates.ts";
import { toAsciiDigits } from "./digits.ts";
import { type Quantity, toQuantities } from "./numbers.ts";
import { isSameUnit, type Unit } from "./units.ts";

/** Two, without a number. */
const TWO = /(?<!\p{L})(?:twice|zweimal)(?!\p{L})/iu;

/** `Q2` is the second quarter, and no two of anything else. */
const QUARTER = /(?<![\p{L}\p{N}])[QT]([1-4])(?![\p{L}\p{N}])/gu;

/** By key, each with its units. */
export type QuantityIndex = ReadonlyMap<string, readonly Partial<Unit>[]>;

/** Everything the text says in numbers: dates with the name of a month, and the parts of dates too. `quantities` are its own. */
export function indexQuantities(
  text: string,
  quantities: readonly Quantity[] = toQuantities(text),
): QuantityIndex {
  const index = new Map<string, Partial<Unit>[]>();
  const add = (key: string, unit: Partial<Unit>): void => {
    const known = index.get(key);
    if (known === undefined) index.set(key, [unit]);
    else known.push(unit);
  };
  for (const quantity of quantities) {
    for (const key of quantity.keys) add(key, quantity);
    for (const part of [...quantity.parts, ...toAmounts(quantity)]) add(part, {});
  }
  for (const [, quarter = ""] of text.matchAll(QUARTER)) add(toQuarter(quarter), {});
  if (TWO.test(text)) add("2", {});
  for (const date of findNamedDates(toAsciiDigits(text))) add(date, {});
  return index;
}

function toQuarter(key: string): string {
  return `Q${key}`;
}

/** The same number in one of its readings, whatever the unit. */
export function hasNumber(index: QuantityIndex, { keys }: Pick<Quantity, "keys">): boolean {
  return keys.some((key) => index.has(key));
}

/** The same number, and no other unit; or as much in another unit. */
export function holdsQuantity(index: QuantityIndex, quantity: Quantity): boolean {
  return (
    quantity.keys.some((key) =>
      (index.get(key) ?? []).some((given) => isSameUnit(quantity, given)),
    ) ||
    (quantity.unit === "quarter" && quantity.keys.some((key) => index.has(toQuarter(key)))) ||
    toAmounts(quantity).some((key) => index.has(key))
  );
}
