/** The quantities of a text in one form: digits or words, with sign, separators, scale and unit; dates too. */
import { findTimes, toBareTimes } from "./clock.ts";
import { findDates } from "./dates.ts";
import { HAN_NUMERALS, readHanNumeral, toAsciiDigits } from "./digits.ts";
import { isFall, isNegative } from "./signs.ts";
import { isRunUnit, readUnit, toUnit, type Unit } from "./units.ts";

export interface Quantity extends Partial<Unit> {
  /** As a plain decimal: `1,250` and `1.25 thousand` are both `1250`. A date is `2023-04-01`, a version itself. */
  readonly value: string;
  /** What it is compared by: quantities that share one of these may be the same. */
  readonly keys: readonly string[];
  /** What is true along with it: the year of a date, and `4.1` of `4.1.3`. */
  readonly parts: readonly string[];
  /** Of its digits or words, without a scale that is a word of its own; UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** Where the unit right behind it ends. */
  readonly unitEnd: number;
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
const SCALES: ReadonlyMap<string, number> = new Map(
  `1e2 hundred
1e3 thousand tausend mille mil mila тыс тысяч тысячи
1e6 million mio millionen millions millón millones milione milioni milhão milhões млн миллион миллиона миллионов
1e9 billion mrd milliarde milliarden milliard milliards miliardo miliardi млрд миллиард миллиарда миллиардов
1e12 trillion billionen billones
1e2 百
1e3 千 천
1e4 万 萬 만
1e8 亿 億 억`
    .split("\n")
    .flatMap((line) => {
      const [factor, ...words] = line.split(" ");
      return words.map((word) => [word, Number(factor)] as const);
    }),
);
const BLANK = String.raw`[ \u00a0\u202f]`;
/** Scripts without capitals write numbers into their words; a number inside `B2B` is part of the name. */
const NO_NAME = String.raw`(?<![\p{Lu}\p{Ll}\p{N}])`;
const CURRENCY = String.raw`[$€£¥₩₽₹฿]|(?<![\p{L}])(?:usd|eur|gbp|jpy|chf|cny|rmb|inr)(?=${BLANK}?\d)`;
const TOKEN = new RegExp(
  [
    String.raw`(?:(?<currency>${CURRENCY})${BLANK}?)?(?:${NO_NAME}v(?=\d+\.\d)|${NO_NAME})(?<digits>\d{1,3}(?:(?:${BLANK}|['’])\d{3})+(?:[.,]\d{1,2})?(?![.,]?\d)|\d+(?:[.,]\d+)*)(?<suffix>st|nd|rd|th|['’]?s|ern?(?!\p{L}))?(?!\d)`,
    String.raw`(?<![\p{L}\p{N}])(?!(?<=below\s)zero|(?<=(?:per|each)\s)second)(?<word>${[...WORDS.keys()].toSorted((a, b) => b.length - a.length).join("|")})(?:-(?<ones>one|two|three|four|five|six|seven|eight|nine|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))?(?![\p{L}\p{N}])`,
    String.raw`(?<![几幾数數第\d${HAN_NUMERALS}])(?<han>[${HAN_NUMERALS}]+)`,
  ].join("|"),
  "giu",
);
const SCALE = /[\s-]?(?:(?<run>[百千万萬亿億천만억])|(?<word>\p{L}{3,})(?![\p{L}]))/iuy;
/** `1万5000` goes on behind its scale. */
const REST = /\d{1,4}(?!\d)/y;

/** Every quantity in order. A number inside a name such as `B2B` is part of the name and not one. */
export function toQuantities(source: string): readonly Quantity[] {
  const text = toAsciiDigits(source);
  const found: Quantity[] = [];
  for (const { start, end, readings } of findDates(text)) {
    const [value = ""] = readings;
    const parts = value.split("-").map((part) => String(Number(part)));
    const keys = [...readings, text.slice(start, end)];
    found.push({ value, keys, parts, start, end, unitEnd: end });
  }
  for (const { start, end, readings, parts } of findTimes(text)) {
    found.push({ value: readings[0] ?? "", keys: readings, parts, start, end, unitEnd: end });
  }
  const dates = [...found];
  let previousEnd = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [start, end] = [match.index, match.index + match[0].length];
    if (start < (found.at(-1)?.end ?? 0) && found.length > dates.length) continue; // behind a scale
    if (dates.some((date) => start < date.end && end > date.start)) continue;
    const own = readToken(text, match, previousEnd);
    previousEnd = own.at(-1)?.unitEnd ?? previousEnd;
    found.push(...own);
  }
  return dates.length === 0 ? found : found.toSorted((a, b) => a.start - b.start);
}

function readToken(text: string, match: RegExpExecArray, previousEnd: number): readonly Quantity[] {
  const { digits = "", currency = "", han } = match.groups ?? {};
  const [from, to] = [match.index, match.index + match[0].length];
  const start = text.indexOf(digits, from + currency.length);
  if (isList(digits)) return readList(digits, start);
  const number = readNumber(match.groups ?? {});
  const scaled = readScale(text, to);
  const { unit, end: unitEnd } = readMeasure(text, scaled.end, currency);
  const spelling = text.slice(scaled.end, unitEnd);
  if (han !== undefined && !isCounted(number.value, spelling)) return [];
  const isBelow = isNegative(text, { start: from, end: scaled.end, previousEnd });
  const { value, keys } = toSigned(number, scaled, isBelow);
  if (!isBelow && isFall(text, start, scaled.end)) keys.push(...keys.map((key) => `-${key}`));
  const end = Math.max(to, scaled.runEnd);
  const times = unit.unit === undefined || unit.unit === "h" ? toBareTimes(value) : [];
  return [
    { value, keys, parts: [...(number.parts ?? []), ...times], ...unit, start, end, unitEnd },
  ];
}

/** The unit, and where it ends if it stands right behind the number. */
function readMeasure(
  text: string,
  from: number,
  currency: string,
): { readonly unit: Partial<Unit>; readonly end: number } {
  const own = toUnit(currency);
  if (own !== undefined) return { unit: { unit: own, isFar: false }, end: from };
  const found = readUnit(text, from);
  if (found === undefined) return { unit: {}, end: from };
  const { end, ...unit } = found;
  return { unit, end: unit.isFar ? from : end };
}

function toSigned(
  number: Read,
  { factor, rest }: Scale,
  isBelow: boolean,
): { readonly value: string; readonly keys: string[] } {
  const sign = isBelow && number.value !== 0 ? "-" : "";
  const scale = (value: number | string): string =>
    typeof value === "string" ? value : toPlain(value * factor + rest);
  const keys = toKeys(number, scale, factor !== 1).map((key) => sign + key);
  return { value: sign + scale(number.value), keys };
}

/** `十天` is ten days; `一天` is one day as often as another, and `十分` is "very". */
function isCounted(value: number | string, unit: string): boolean {
  return Number(value) >= 2 && isRunUnit(unit) && unit !== "分";
}

const YEAR = /^(?:1\d|20)\d\d$/;

/** `1954` is within the `1950s`, and `1950` is another thing than these. */
function readYear(digits: string, suffix: string): Read {
  const value = Number(digits);
  const decade = `${digits.slice(0, 3)}0s`;
  const isDecade = digits.endsWith("0") && /^(?:['’]?s|ern?)$/iu.test(suffix);
  return isDecade ? { value, key: decade } : { value, parts: [decade] };
}

interface Read {
  readonly value: number | string;
  /** Where the separator may be a decimal one and a thousands one: what it is by the other convention. */
  readonly other?: number;
  readonly mark?: string;
  /** Compared by this and not by its value. */
  readonly key?: string;
  readonly parts?: readonly string[];
}

function readNumber({
  digits,
  suffix = "",
  word,
  ones,
  han,
}: Readonly<Record<string, string>>): Read {
  if (digits !== undefined && YEAR.test(digits)) return readYear(digits, suffix);
  if (digits !== undefined) return readDigits(digits);
  if (han !== undefined) return { value: readHanNumeral(han) };
  return {
    value: [word, ones].reduce((sum, one) => sum + (WORDS.get(one?.toLowerCase() ?? "") ?? 0), 0),
  };
}

/**
 * `1,250.5`, `1 250`, `1.250.000` and `3,5`. Taken for themselves, `1.250` has a decimal point, and `1,250` groups
 * of thousands. Numbers with more dots are no amounts: versions, addresses, sections.
 */
function readDigits(digits: string): Read {
  const joined = digits.replaceAll(/[ \u00a0\u202f'’]/g, "");
  if (/^[1-9]\d{0,2}[.,]\d{3}$/.test(joined)) {
    const [decimal, whole] = [Number(joined.replace(",", ".")), Number(joined.replace(/[.,]/, ""))];
    return joined.includes(".")
      ? { value: decimal, other: whole, mark: "." }
      : { value: whole, other: decimal, mark: "," };
  }
  if (/^\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?$/.test(joined) && !joined.startsWith("0")) {
    return { value: Number(joined.replaceAll(",", "")) };
  }
  if (/^\d{1,3}(?:\.\d{3})+,\d+$|^\d{1,3}(?:\.\d{3}){2,}$/.test(joined)) {
    return { value: Number(joined.replaceAll(".", "").replace(",", ".")) };
  }
  const [first = "", second = "", ...others] = joined.split(/[.,]/);
  if (others.length > 0) return { value: joined, parts: [`${first}.${second}`] };
  const mark = joined.replaceAll(/\d/g, "");
  return { value: Number(joined.replace(",", ".")), ...(mark === "" ? {} : { mark }) };
}

/**
 * A decimal has a second key with its mark. What may be a decimal or thousands is the decimal only beside the
 * same mark: whoever writes `1,25` means a thousand by `1.250`.
 */
function toKeys(
  { value, other, key, mark = "" }: Read,
  scale: (value: number | string) => string,
  isScaled: boolean,
): string[] {
  if (key !== undefined) return [key];
  if (other === undefined) return [scale(value), ...(mark === "" ? [] : [mark + scale(value)])];
  if (isScaled) return [scale(value), scale(other)];
  const isDecimal = mark === ".";
  return [scale(isDecimal ? other : value), mark + scale(isDecimal ? value : other)];
}

/** `12,15,18` are three numbers. */
function isList(digits: string): boolean {
  return /^\d+(?:,\d+){2,}$/.test(digits) && !/^[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}$/.test(digits);
}

function readList(digits: string, start: number): readonly Quantity[] {
  return Array.from(digits.matchAll(/\d+/g), ({ 0: one, index }) => {
    const value = toPlain(Number(one));
    const end = start + index + one.length;
    return { value, keys: [value], parts: [], start: start + index, end, unitEnd: end };
  });
}

interface Scale {
  readonly factor: number;
  /** What stands behind the scale and is added. */
  readonly rest: number;
  readonly end: number;
  /** Where that ends which is written right into the number: `万`. */
  readonly runEnd: number;
}

function readScale(text: string, from: number): Scale {
  let [factor, end, runEnd] = [1, from, 0];
  for (;;) {
    SCALE.lastIndex = end;
    const { run, word } = SCALE.exec(text)?.groups ?? {};
    const own = SCALES.get(run ?? word?.toLowerCase() ?? "");
    if (own === undefined) return { factor, rest: 0, end, runEnd };
    factor *= own;
    end = SCALE.lastIndex;
    if (run !== undefined) runEnd = end;
    REST.lastIndex = end;
    const digits = run === undefined ? undefined : REST.exec(text)?.[0];
    if (digits !== undefined) {
      end = REST.lastIndex;
      return { factor, rest: Number(digits), end, runEnd: end };
    }
  }
}

function toPlain(value: number): string {
  return String(Number(value.toPrecision(12)));
}
