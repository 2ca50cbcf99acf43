/** The value below which this share of the values lies, to a tenth; NaN of none. */
export function toQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return Math.round((sorted[at] ?? Number.NaN) * 10) / 10;
}
