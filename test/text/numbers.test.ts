import { expect, test } from "vitest";
import { toQuantities } from "../../src/text/numbers.ts";
import { holdsQuantity, indexQuantities } from "../../src/text/quantity-index.ts";

/** Text → values, each with its unit. */
const cases: readonly (readonly [string, readonly string[]])[] = [
  ["It holds 64 entries.", ["64"]],
  ["1,250.5 and 1 250 and 1.250.000", ["1250.5", "1250", "1250000"]],
  ["2 million people, 3.5 billion stars", ["2000000", "3500000000"]],
  ["two million and twenty-five", ["2000000", "25"]],
  ["5 GB, 5 gigabytes, 5MB", ["5 gb", "5 gb", "5 mb"]],
  ["12 % or 12 percent or twelve per cent", ["12 %", "12 %", "12 %"]],
  ["$5 or 5 dollars", ["5 $", "5 $"]],
  ["the 3rd and the third, in the 1990s", ["3", "3", "1990"]],
  ["within 30 seconds", ["30 s"]],
  ["B2B and GPT4 are names", []],
  ["v4.1.3 and 10.0.0.1", ["4.1.3", "10.0.0.1"]],
  ["pages 12,15,18", ["12", "15", "18"]],
  ["1.234,56 and 1'250 and 12,50,000", ["1234.56", "1250", "1250000"]],
  ["0.5 and half a loaf, half an hour, one and a half hours", ["0.5", "0.5 h", "1.5 h"]],
  ["one hundred and fifty, two hundred thousand and 0.5 l", ["150", "200000", "0.5 l"]],
  ["A$ 5, 5 Canadian dollars, 5 Swiss francs", ["5 $/au", "5 $/ca", "5 franc/ch"]],
  ["8 am, 6:30 p.m., noon and 18:00", ["08:00", "18:30", "12:00", "18:00"]],
  ["1 250 € and 1 250,50 €.", ["1250 €", "1250.5 €"]],
  ["5 Millionen, 3 Mrd. und 2 millones", ["5000000", "3000000000", "2000000"]],
  ["90日, 365元, 5个月, 3時間, 90일, 90วัน", ["90 d", "365 ¥/cn", "5 month", "3 h", "90 d", "90 d"]],
  ["3万円と1万5000円", ["30000 ¥/jp", "15000 ¥/jp"]],
  ["三十天，二〇二三年，一天，十分，几十年", ["30 d", "2023 year"]],
  ["٩٠ و٣٫٥ and ９０ and १२", ["90", "3.5", "90", "12"]],
  ["2023-04-01, 01.04.2023, 2023年4月1日", ["2023-04-01", "2023-04-01", "2023-04-01"]],
  ["32.13.2023", ["32.13.2023"]],
  ["30 vacation days, 30 (thirty) days", ["30 d", "30 d", "30 d"]],
  ["3 entries per second, 40 in a year, 7 of 9 days", ["3 s", "40", "7", "9 d"]],
  ["20 °C, 20 degrees Celsius, 20° F", ["20 degree/c", "20 degree/c", "20 degree/f"]],
  ["-20, −5, (–7) and minus two", ["-20", "-5", "-7", "-2"]],
  [
    "10-20, 10 – 20, 10 -20, 5 °C -7 °C, A-5",
    ["10", "20", "10", "20", "10", "20", "5 degree/c", "7 degree/c", "5"],
  ],
  ["-$5, USD 5, ¥5", ["-5 $", "5 $/us", "5 ¥"]],
  ["au moins 20 jours", ["20 d"]],
  ["no number", []],
];
test.each(cases)("%j holds %j", (text, expected) => {
  const found = toQuantities(text).map(({ value, unit }) =>
    unit === undefined ? value : `${value} ${unit}`,
  );
  expect(found).toEqual(expected);
});

/** One → another → may they be the same? */
const pairs: readonly (readonly [string, string, boolean])[] = [
  ["1.250", "1250", true],
  ["1.250", "1,250", true],
  ["1.250", "1.25", true],
  ["1.250", "1,25", false],
  ["1,250", "1,25", true],
  ["1,250", "1.25", false],
  ["1.25", "1,25", true],
  ["0.125", "0,125", true],
  ["1.250,00", "1250", true],
  ["2.5 million", "2,500,000", true],
  ["1.250 million", "1,250 million", true],
  ["-5 %", "fell by 5 %", true],
  ["-5 %", "rose by 5 %", false],
  ["01.04.2023", "April 1, 2023", true],
  ["04/01/2023", "1. April 2023", true],
  ["04/01/2023", "4 January 2023", true],
  ["01.04.23", "2023-04-01", true],
  ["01.04.2023", "1. Mai 2023", false],
  ["1950s", "1954", true],
  ["1950s", "1964", false],
  ["5 ¥", "5 円", true],
  ["5 円", "5 元", false],
  ["5 pounds", "5 lb", true],
  ["£5", "5 pounds", true],
  ["3月", "3ヶ月", false],
];
test.each(pairs)("%j may be %j: %j", (one, other, expected) => {
  const [quantity] = toQuantities(one);
  if (quantity === undefined) throw new Error("there is no quantity");
  expect(holdsQuantity(indexQuantities(other), quantity)).toBe(expected);
});

test("offsets are those of the text, whatever its digits", () => {
  const text = "約９０日、−٧ و $1,250 5万円";
  const spans = toQuantities(text).map(({ start, end }) => text.slice(start, end));
  expect(spans).toEqual(["９０", "٧", "1,250", "5万"]);
});
