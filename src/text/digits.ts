/** Digits of any script as the ten of ASCII, and numerals of Han characters. */

const FOREIGN_DIGIT = /[\p{Nd}--[0-9]]/gv;
const IS_DIGIT = /\p{Nd}/u;
const SIGNS: Readonly<Record<string, string>> = {
  "٫": ".",
  "٬": ",",
  "．": ".",
  "％": "%",
  "٪": "%",
  "￥": "¥",
  "＄": "$",
};
const SIGN = new RegExp(`[${Object.keys(SIGNS).join("")}]`, "gu");

/** `９０` and `٩٠` as `90`, with their separators and signs. Every offset stays as it is. */
export function toAsciiDigits(text: string): string {
  return text
    .replaceAll(FOREIGN_DIGIT, toDigit)
    .replaceAll(SIGN, (sign) => SIGNS[sign] ?? sign)
    .replaceAll(/(?<=\d)，(?=\d{3}(?!\d))/gu, ",");
}

/** Each script has its ten digits in a row, so that a digit is how many of them are before it. */
function toDigit(digit: string): string {
  if (digit.length > 1) return digit; // beyond 16 bits: written as one it would move all that follows
  const code = digit.charCodeAt(0);
  let value = 0;
  while (value < 9 && IS_DIGIT.test(String.fromCharCode(code - value - 1))) value += 1;
  return String(value);
}

const HAN_DIGITS: ReadonlyMap<string, number> = new Map([
  ...Array.from("〇一二三四五六七八九", (sign, value) => [sign, value] as const),
  ["零", 0],
  ["两", 2],
  ["兩", 2],
]);
const HAN_TENS: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1000 };
const HAN_SCALES: Readonly<Record<string, number>> = { 万: 1e4, 萬: 1e4, 亿: 1e8, 億: 1e8 };
/** What a Han numeral is made of, for a character class. */
export const HAN_NUMERALS = [...HAN_DIGITS.keys(), "十百千万萬亿億"].join("");

/** `三十五`, `一万二千` and `二〇二三`. */
export function readHanNumeral(numeral: string): number {
  const signs = Array.from(numeral);
  if (signs.every((sign) => HAN_DIGITS.has(sign))) {
    return Number(signs.map((sign) => HAN_DIGITS.get(sign)).join(""));
  }
  let [total, section, digit] = [0, 0, 0];
  for (const sign of signs) {
    const ten = HAN_TENS[sign];
    const scale = HAN_SCALES[sign];
    if (ten !== undefined) section += (digit || 1) * ten;
    else if (scale !== undefined) total = (total + section + digit || 1) * scale;
    if (scale !== undefined) section = 0;
    digit = HAN_DIGITS.get(sign) ?? 0;
  }
  return total + section + digit;
}
