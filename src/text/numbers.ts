/** The quantities of a text in one form: digits or words, with sign, separators, scale and unit; dates too. */
import { findTimes, toBareTimes } from "./times.ts";
import { joinCompounds } from "./compound.ts";
import { findDates } from "./dates.ts";
import { HAN_NUMERALS, readHanNumeral, toAsciiDigits } from "./digits.ts";
import { HALF, readScale, type Scale, toSmall, WORDS } from "./number-words.ts";
import { isFall, isNegative } from "./signs.ts";
import { isRunUnit, readPer, readUnit, toUnit, type Unit } from "./units.ts";

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

const BLANK = String.raw`[ \u00a0\u202f]`;
/** Scripts without capitals write numbers into their words; a number inside `B2B` is part of the name. */
const NO_NAME = String.raw`(?<![\p{Lu}\p{Ll}\p{N}])`;
const CURRENCY = String.raw`(?:(?<![\p{L}])(?:us|ca?|au?|nz|hk|sg?))?\$|[€£¥₩₽₹฿]|(?<![\p{L}])(?:usd|cad|aud|nzd|hkd|sgd|eur|gbp|jpy|chf|cny|rmb|inr)(?=${BLANK}?\d)`;
const TOKEN = new RegExp(
  [
    String.raw`(?:(?<currency>${CURRENCY})${BLANK}?)?(?:${NO_NAME}v(?=\d+\.\d)|${NO_NAME})(?<digits>\d{1,3}(?:(?:${BLANK}|['’])\d{3})+(?:[.,]\d{1,2})?(?![.,]?\d)|\d+(?:[.,]\d+)*)(?<suffix>st|nd|rd|th|['’]?s|ern?(?!\p{L}))?(?!\d)`,
    String.raw`(?<![\p{L}\p{N}])(?!(?<=below\s)zero|(?<=(?:per|each)\s)second)(?<word>${[...WORDS.keys()].toSorted((a, b) => b.length - a.length).join("|")})(?:-(?<ones>one|two|three|four|five|six|seven|eight|nine|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))?(?<half>\sand\sa\shalf)?(?![\p{L}\p{N}])`,
    String.raw`(?<![几幾数數第\d${HAN_NUMERALS}])(?<han>[${HAN_NUMERALS}]+)`,
  ].join("|"),
  "giu",
);
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
  const inOrder = dates.length === 0 ? found : found.toSorted((a, b) => a.start - b.start);
  return joinCompounds(inOrder, text);
}

function readToken(text: string, match: RegExpExecArray, previousEnd: number): readonly Quantity[] {
  const { digits = "", currency = "" } = match.groups ?? {};
  const [from, to] = [match.index, match.index + match[0].length];
  const start = text.indexOf(digits, from + currency.length);
  if (isList(digits)) return readList(digits, start);
  const number = readNumber(match.groups ?? {});
  const scaled = readScale(text, to);
  const { unit, end: unitEnd } = readMeasure(text, scaled.end, currency);
  const spelling = text.slice(scaled.end, unitEnd);
  if (!isAmount(number.value, match.groups ?? {}, spelling)) return [];
  const isBelow = isNegative(text, { start: from, end: scaled.end, previousEnd });
  const { value, keys } = toSigned(number, scaled, isBelow);
  if (!isBelow && isFall(text, start, scaled.end)) keys.push(...keys.map((key) => `-${key}`));
  const end = Math.max(to, scaled.runEnd);
  const parts = [...(number.parts ?? []), ...toTimes(value, unit)];
  return [{ value, keys, parts, ...unit, start, end, unitEnd }];
}

function toTimes(value: string, { unit }: Partial<Unit>): readonly string[] {
  return unit === undefined || unit === "h" ? toBareTimes(value) : [];
}

/** The unit, and where it ends if it stands right behind the number. */
function readMeasure(
  text: string,
  from: number,
  currency: string,
): { readonly unit: Partial<Unit>; readonly end: number } {
  const own = toUnit(currency);
  if (own !== undefined) {
    return { unit: { unit: own, isFar: false, ...readPer(text, from) }, end: from };
  }
  const found = readUnit(text, from);
  if (found === undefined) return { unit: {}, end: from };
  const { end, ...unit } = found;
  return unit.isFar ? { unit, end: from } : { unit: { ...unit, ...readPer(text, end) }, end };
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

/** "Half a loaf" has no number. */
function isAmount(
  value: number | string,
  { han, word = "" }: Readonly<Record<string, string>>,
  unit: string,
): boolean {
  if (han !== undefined) return isCounted(value, unit);
  return unit !== "" || !/^half/iu.test(word);
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
  half,
  han,
}: Readonly<Record<string, string>>): Read {
  if (digits !== undefined && YEAR.test(digits)) return readYear(digits, suffix);
  if (digits !== undefined) return readDigits(digits);
  if (han !== undefined) return { value: readHanNumeral(han) };
  const added = half === undefined ? 0 : HALF;
  return {
    value: [word, ones].reduce((sum, one) => sum + toSmall(one), added),
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

function toPlain(value: number): string {
  return String(Number(value.toPrecision(12)));
}
