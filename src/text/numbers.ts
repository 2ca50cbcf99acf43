/** The quantities of a text in one form: digits or words, with separators, scale and unit. */

export interface Quantity {
  /** As a plain decimal: `1,250` and `1.25 thousand` are both `1250`. */
  readonly value: string;
  /** In one spelling, `%` and currencies too; absent where none is known. */
  readonly unit?: string;
  readonly start: number;
}

const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen";
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety";
const ORDINALS =
  "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth";
const WORDS: ReadonlyMap<string, number> = new Map([
  ...SMALL.split(" ").map((word, index) => [word, index] as const),
  ...TENS.split(" ").map((word, index) => [word, (index + 2) * 10] as const),
  ...ORDINALS.split(" ").map((word, index) => [word, index + 1] as const),
  ["dozen", 12],
]);
const SCALES: ReadonlyMap<string, number> = new Map([
  ["hundred", 1e2],
  ["thousand", 1e3],
  ["million", 1e6],
  ["billion", 1e9],
  ["trillion", 1e12],
]);
/** Each line is one unit; its first spelling stands for all. */
const UNITS: ReadonlyMap<string, string> = new Map(
  `% percent
ms millisecond milliseconds
s sec secs second seconds
min mins minute minutes
h hr hrs hour hours
day days
week weeks
month months
year years
kb kib kilobyte kilobytes
mb mib megabyte megabytes
gb gib gigabyte gigabytes
tb tib terabyte terabytes
mm millimetre millimetres millimeter millimeters
cm centimetre centimetres centimeter centimeters
m metre metres meter meters
km kilometre kilometres kilometer kilometers
mile miles
ft foot feet
mg milligram milligrams
g gram grams
kg kilogram kilograms
$ dollar dollars usd
€ euro euros eur
£ pound pounds gbp`
    .split("\n")
    .flatMap((line) => {
      const [first = "", ...others] = line.split(" ");
      return [first, ...others].map((one) => [one, first] as const);
    }),
);

const TOKEN = new RegExp(
  [
    String.raw`(?<sign>[$€£]\s?)?(?<![\p{L}\p{N}])(?<digits>\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\d.,])|\d+(?:[.,]\d+)*)(?<suffix>st|nd|rd|th|s)?(?![\d])`,
    String.raw`(?<![\p{L}\p{N}])(?<word>${[...WORDS.keys()].toSorted((a, b) => b.length - a.length).join("|")})(?:-(?<ones>one|two|three|four|five|six|seven|eight|nine|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))?(?![\p{L}\p{N}])`,
  ].join("|"),
  "giu",
);
const SCALE = /[\s-]?(hundred|thousand|million|billion|trillion)\b/iy;
const UNIT = /[\s\u00a0-]?(%|per cent\b|[€£$]|\p{L}+\b)/iuy;

/** Every quantity in order. A number inside a name such as `B2B` is part of the name and not one. */
export function toQuantities(text: string): readonly Quantity[] {
  const found: Quantity[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const { digits, word = "", ones = "", sign = "" } = match.groups ?? {};
    const base = digits === undefined ? readWords(word, ones) : readDigits(digits);
    const scaled = readScale(text, match.index + match[0].length);
    const unit = UNITS.get(sign.trim()) ?? readUnit(text, scaled.end);
    const value = toPlain(base * scaled.factor);
    found.push({ value, start: match.index, ...(unit === undefined ? {} : { unit }) });
  }
  return found;
}

function readWords(word: string, ones: string): number {
  return (WORDS.get(word.toLowerCase()) ?? 0) + (WORDS.get(ones.toLowerCase()) ?? 0);
}

/** `1,250.5`, `1 250`, `1.250.000` and `3,5`; a single dot is a decimal point. */
function readDigits(digits: string): number {
  const joined = digits.replaceAll(/[ \u00a0\u202f]/g, "");
  if (/^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(joined)) return Number(joined.replaceAll(",", ""));
  if (/^\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?$/.test(joined)) {
    return Number(joined.replaceAll(".", "").replace(",", "."));
  }
  return Number.parseFloat(joined.replace(",", "."));
}

function readScale(text: string, from: number): { readonly factor: number; readonly end: number } {
  let factor = 1;
  let end = from;
  for (;;) {
    SCALE.lastIndex = end;
    const word = SCALE.exec(text)?.[1];
    if (word === undefined) return { factor, end };
    factor *= SCALES.get(word.toLowerCase()) ?? 1;
    end = SCALE.lastIndex;
  }
}

function readUnit(text: string, from: number): string | undefined {
  UNIT.lastIndex = from;
  const unit = UNIT.exec(text)?.[1]?.toLowerCase();
  return unit === undefined ? undefined : UNITS.get(unit === "per cent" ? "%" : unit);
}

function toPlain(value: number): string {
  return String(Number(value.toPrecision(12)));
}
