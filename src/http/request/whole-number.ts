/** A whole number in a query. */
import * as z from "zod";

/** Of digits alone: an empty text or `1e3` is a mistake and not a number. */
export function createWholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/, "must be a whole number, written in digits")
    .transform(Number)
    .pipe(z.int().min(least).max(most));
}
