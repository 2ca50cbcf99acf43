/** What of a text is exact: the numbers and names by which two texts differ that are otherwise alike. */
import { toQuantities } from "./numbers.ts";

/** With a capital, and not because a sentence begins with it. */
const NAME = /(?<=[\p{L}\p{N},;:)]\s+)\p{Lu}[\p{L}\p{N}]*/gu;
const CAPITALISED = /(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{N}]*/gu;
/** `B2B`, `v4`: digits that are no number by themselves. */
const CODE = /\p{L}+\p{N}[\p{L}\p{N}]*/gu;

/** The numbers of a text, by value, and its names; of a heading every word with a capital is one. */
export function toExact(text: string, heading = ""): ReadonlySet<string> {
  const whole = `${heading}\n${text}`;
  const values = toQuantities(whole).map(({ value }) => value);
  const names = [...(text.match(NAME) ?? []), ...(heading.match(CAPITALISED) ?? [])];
  const codes = [...whole.matchAll(CODE)].map(([code]) => code);
  return new Set([...values, ...[...codes, ...names].map((word) => word.toLowerCase())]);
}
