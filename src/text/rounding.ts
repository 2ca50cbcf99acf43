/** A number that stands for another one: `more than 300` for 324, `almost 50,000` for 48,000. */
import type { Quantity } from "./numbers.ts";
import type { QuantityIndex } from "./quantity-index.ts";
import { isSameUnit } from "./units.ts";

/** What it may be that is told as 1: as much more or less. */
interface Rounding {
  readonly words: RegExp;
  readonly least: number;
  readonly most: number;
}

const ROUNDINGS: readonly Rounding[] = [
  {
    words:
      /(?<!\p{L})(?:about|around|roughly|approximately|some|circa|ca\.|etwa|rund|ungefähr|environ|unos|unas|aproximadamente|cerca de)\s*[€$£¥]?\s*$/iu,
    least: 0.95,
    most: 1.05,
  },
  {
    words:
      /(?<!\p{L})(?:almost|nearly|(?:just|slightly) (?:under|below)|fast|knapp|beinahe|presque|près de|casi)\s*[€$£¥]?\s*$/iu,
    least: 0.9,
    most: 1,
  },
  {
    words:
      /(?<!\p{L})(?<!(?:no|not|never|nicht|nie|pas|jamais|nunca)\s)(?:more than|(?:just |well )?over|above|mehr als|über|gut|plus de|más de)\s*[€$£¥]?\s*$/iu,
    least: 1,
    most: 1.2,
  },
];
const BEFORE_CHARS = 24;
/** Smaller ones are counted, not rounded. */
const VALUE_MIN = 10;

/** The number that it stands for in what is known there; itself where it is there, or nothing says that it is rounded. */
export function toRounded(quantity: Quantity, text: string, index: QuantityIndex): Quantity {
  if (quantity.keys.some((key) => index.has(key))) return quantity;
  const before = text.slice(Math.max(0, quantity.start - BEFORE_CHARS), quantity.start);
  const rounding = ROUNDINGS.find(({ words }) => words.test(before));
  if (rounding === undefined) return quantity;
  const told = quantity.keys.filter((key) => PLAIN.test(key) && Number(key) >= VALUE_MIN);
  const isRounded = (key: string): boolean =>
    PLAIN.test(key) &&
    told.some((one) => {
      const share = Number(key) / Number(one);
      const isNear = share >= rounding.least && share <= rounding.most;
      return isNear && countDigits(one) < countDigits(key);
    });
  for (const [key, units] of index) {
    if (units.some((unit) => isSameUnit(quantity, unit)) && isRounded(key)) {
      return { ...quantity, value: key, keys: [key] };
    }
  }
  return quantity;
}

const PLAIN = /^\d+(?:\.\d+)?$/u;

/** Those that say something: 1 of `40000`, 3 of `41300` and of `4.13`. */
function countDigits(value: string): number {
  return value.replaceAll(/\D|^[0.]+/gu, "").replace(/0+$/u, "").length;
}
