/** Letters of a column to its number. */

/** `A` is 0, `AA` is 26. */
export function toColumn(letters: string): number {
  return Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}
