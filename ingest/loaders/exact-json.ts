/** JSON in which no number is rounded: one that a double cannot hold keeps the digits it was written with. */

/** What `JSON.stringify` writes as it stands; the types of the language do not know it yet. */
interface RawNumber {
  readonly rawJSON: string;
}

const EXACT = JSON as unknown as {
  readonly rawJSON: (text: string) => RawNumber;
  readonly isRawJSON: (value: unknown) => value is RawNumber;
  readonly parse: (
    text: string,
    revive?: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ) => unknown;
};
/** Digits that every double holds. */
const DIGITS_MAX = 15;
/** Without one of these in it a text has no such number, and is parsed several times faster. */
const SUSPECT = /\d[\d.]{15}|[eE][+-]?\d{3}/;

/** As `JSON.parse`, its errors included; a number that would be rounded becomes a raw one. */
export function parseExactJson(text: string): unknown {
  if (!SUSPECT.test(text)) return EXACT.parse(text);
  return EXACT.parse(text, (_, value, { source }) =>
    typeof value === "number" && source !== undefined && isRounded(value, source)
      ? EXACT.rawJSON(source)
      : value,
  );
}

export function isRawNumber(value: unknown): value is RawNumber {
  return EXACT.isRawJSON(value);
}

/** A value as text and metadata take it: the digits of a raw number, also within a list. */
export function withoutRaw(value: unknown): unknown {
  if (Array.isArray(value)) return value.some(isRawNumber) ? value.map(withoutRaw) : value;
  return isRawNumber(value) ? value.rawJSON : value;
}

function isRounded(value: number, source: string): boolean {
  if (String(value) === source) return false;
  const digits = source
    .replace(/[eE].*$/, "")
    .replace(/\D/g, "")
    .replace(/^0+|0+$/g, "");
  return digits.length > DIGITS_MAX || !Number.isFinite(value) || (value === 0 && digits !== "");
}
