/** An amount in two units is one: `3 h 20 min` are 200 minutes. */
import { toScale } from "./conversions.ts";
import type { Quantity } from "./numbers.ts";

const BETWEEN = /^[\s\u00a0]*(?:and|und|et|y|e)?[\s\u00a0]*$/iu;
const DECIMALS = 12;

/** Joins each with the one right behind it, where that goes on in a smaller unit of the same measure. */
export function joinCompounds(quantities: readonly Quantity[], text: string): readonly Quantity[] {
  const joined: Quantity[] = [];
  for (const own of quantities) {
    const before = joined.at(-1);
    const both = before === undefined ? undefined : join(before, own, text);
    if (both === undefined) joined.push(own);
    else joined[joined.length - 1] = both;
  }
  return joined;
}

function join(one: Quantity, other: Quantity, text: string): Quantity | undefined {
  const scale = toScale(one, other);
  const added = Number(other.value);
  if (scale === undefined || scale <= 1 || !(added >= 0 && added < scale)) return undefined;
  if (!BETWEEN.test(text.slice(one.unitEnd, other.start))) return undefined;
  const value = String(Number((Number(one.value) * scale + added).toPrecision(DECIMALS)));
  const parts = [...one.keys, ...other.keys, ...one.parts, ...other.parts];
  return { ...other, value, keys: [value], parts, start: one.start };
}
