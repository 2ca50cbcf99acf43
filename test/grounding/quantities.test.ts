/** Sentences that differ from their evidence in a quantity, and those that only write it another way. */
import { describe, expect, test } from "vitest";
import { checkSentence } from "../../src/grounding/check/check-sentence.ts";
import { readEvidence } from "../../src/grounding/check/evidence.ts";

/** What the passage says, then sentences about it. */
type Case = readonly [evidence: string, ...claims: readonly string[]];
const toPairs = (cases: readonly Case[]) =>
  cases.flatMap(([evidence, ...claims]) => claims.map((claim) => ({ evidence, claim })));

const lies: readonly Case[] = [
  [
    "試用期間は90日です。",
    "試用期間は91日です。",
    "試用期間は９１日です。",
    "試用期間は90年です。",
  ],
  ["公司成立于2023年，注册资本365万元。", "公司成立于2026年，注册资本365万元。"],
  ["年费为365元。", "年费为368元。", "年费为365美元。"],
  ["员工每年有15天年假。", "员工每年有15年年假。", "员工每年有18天年假。"],
  ["料金は500円です。", "料金は500ドルです。", "料金は800円です。"],
  ["定員は30人です。", "定員は30円です。", "定員は20人です。"],
  ["保証期間は2年間です。", "保証期間は2ヶ月です。"],
  ["체험 기간은 90일입니다.", "체험 기간은 91일입니다.", "체험 기간은 90년입니다."],
  ["요금은 5000원입니다.", "요금은 5500원입니다.", "요금은 5000달러입니다."],
  ["试用期为三十天。", "试用期为六十天。", "试用期为40天。"],
  ["ระยะทดลองใช้90วัน", "ระยะทดลองใช้91วัน"],
  ["يفتح المتجر في الساعة ٧ صباحا.", "يفتح المتجر في الساعة ٨ صباحا."],
  ["परीक्षण ९० दिन चलता है।", "परीक्षण ९१ दिन चलता है।"],
  ["The contract begins on 01.04.2023.", "The contract begins on 01.04.2024."],
  ["The contract begins on 01.04.2023.", "The contract begins on 2023-05-01."],
  ["The contract begins on 01.04.2023.", "The contract begins on 3 April 2023."],
  ["The contract begins on April 1, 2023.", "The contract begins on 02.04.2023."],
  ["Version 4.1.3 fixes the leak.", "Version 4.1.9 fixes the leak."],
  ["Version v4.1.3 fixes the leak.", "Version v4.1.9 fixes the leak."],
  [
    "The gateway is 10.0.0.1 here.",
    "The gateway is 10.0.0.2 here.",
    "The gateway is 10.0.7.1 here.",
  ],
  ["Employees get 30 vacation days a year.", "Employees get 30 vacation weeks a year."],
  ["Employees get 30 days of vacation.", "Employees get 30 vacation weeks."],
  ["The tank holds 20 litres.", "The tank holds 20 gallons."],
  ["The API allows 100 calls an hour.", "The API allows 100 calls per minute."],
  ["The oven is heated to 200 °C.", "The oven is heated to 200 °F."],
  ["The oven is heated to 200 °C.", "The oven is heated to 200 degrees Fahrenheit."],
  ["La garantie dure 24 heures.", "La garantie dure 24 minutes.", "La garantie dure 24 mois."],
  ["Die Frist beträgt 14 Tage.", "Die Frist beträgt 14 Wochen.", "Die Frist beträgt 14 Monate."],
  ["Jeder hat 30 Urlaubstage.", "Jeder hat 30 Urlaubswochen."],
  ["El plazo es de 10 días.", "El plazo es de 10 meses.", "El plazo es de 10 semanas."],
  ["Il periodo dura 3 mesi.", "Il periodo dura 3 anni."],
  ["O prazo é de 5 dias.", "O prazo é de 5 semanas."],
  ["Срок составляет 14 дней.", "Срок составляет 14 недель."],
  ["The limit is 1.250 €.", "The limit is 1,25 €.", "The limit is 1260 €."],
  ["The limit is 1250 €.", "The limit is 1,25 €.", "The limit is 1.251 €."],
  ["The limit is 1.234,56 €.", "The limit is 1.234 €."],
  ["The freezer is kept at -20 °C.", "The freezer is kept at 20 °C."],
  ["The freezer is kept at −20 °C.", "The freezer is kept at 20 °C."],
  ["The freezer is kept at 20 °C.", "The freezer is kept at -20 °C."],
  [
    "The dam was built in the 1950s.",
    "The dam was built in 1950.",
    "The dam was built in the 1960s.",
  ],
];
describe("a sentence with another quantity is unsupported", () => {
  test.each(toPairs(lies))("$evidence | $claim", ({ evidence, claim }) => {
    expect(checkSentence(claim, [readEvidence(evidence)])).toBe("unsupported");
  });
});

const truths: readonly Case[] = [
  [
    "試用期間は90日です。",
    "試用期間は90日です。",
    "試用期間は９０日です。",
    "試用期間は 90 日です。",
  ],
  ["公司成立于2023年，注册资本365万元。", "公司成立于 2023 年，注册资本365万元。"],
  ["注册资本3万元。", "注册资本30000元。", "注册资本30,000元。"],
  ["料金は1万5000円です。", "料金は15,000円です。", "料金は¥15000です。"],
  ["部门有5个员工。", "部门有5名员工。"],
  ["保証期間は3か月です。", "保証期間は3ヶ月です。"],
  ["试用期为三十天。", "试用期为30天。", "试用期为三十天。"],
  ["体験は90日間です。", "体験は90日です。"],
  ["체험 기간은 90일입니다.", "체험 기간은 90일입니다.", "체험 기간은 90 일입니다."],
  ["يفتح المتجر في الساعة ٧ صباحا.", "يفتح المتجر في الساعة 7 صباحا."],
  [
    "The contract begins on 01.04.2023.",
    "The contract begins on April 1, 2023.",
    "The contract begins on 1 April 2023.",
    "The contract begins on 2023-04-01.",
    "The contract begins on 1.4.2023.",
    "The contract begins on 04/01/2023.",
    "The contract begins in April 2023.",
    "The contract begins in 2023.",
  ],
  ["Der Vertrag beginnt am 01.03.2023.", "Der Vertrag beginnt am 1. März 2023."],
  ["Der Vertrag beginnt am 1. März 2023.", "Der Vertrag beginnt am 01.03.2023."],
  ["The contract begins on April 1, 2023.", "The contract begins on 01.04.2023."],
  [
    "Version v4.1.3 fixes the leak.",
    "Version 4.1.3 fixes the leak.",
    "Version 4.1 fixes the leak.",
  ],
  [
    "Employees get 30 vacation days a year.",
    "Employees get 30 days of vacation a year.",
    "Employees get 30 days a year.",
    "Employees get 30 paid vacation days.",
    "Employees get thirty (30) vacation days.",
  ],
  ["The trip takes 2 hours each week.", "The trip takes 2 hours each week."],
  [
    "The API allows 100 calls an hour.",
    "The API allows 100 calls per hour.",
    "The API allows 100 calls.",
  ],
  ["Sales rose 5 percentage points last year.", "Sales rose by 5 points last year."],
  ["The tank holds 20 litres.", "The tank holds 20 l.", "The tank holds 20 liters."],
  [
    "The oven is heated to 200 °C.",
    "The oven is heated to 200 degrees.",
    "The oven is heated to 200 degrees Celsius.",
    "The oven is heated to 200° C.",
  ],
  ["The speed is 100 km/h.", "The speed is 100 km per hour."],
  ["The parcel weighs 5 lb.", "The parcel weighs 5 pounds."],
  ["Jeder hat 30 Urlaubstage.", "Jeder hat 30 Tage."],
  [
    "Der Umsatz war 5 Millionen Euro.",
    "Der Umsatz war 5 Mio. Euro.",
    "Der Umsatz war 5.000.000 €.",
  ],
  [
    "The limit is 1.250 €.",
    "The limit is 1250 €.",
    "The limit is 1,250 €.",
    "The limit is 1 250 €.",
  ],
  ["The limit is 1250 €.", "The limit is 1.250 €.", "The limit is 1.250,00 €."],
  ["The limit is 1.25 €.", "The limit is 1,25 €.", "The limit is 1.250 €."],
  ["The limit is 1250 CHF.", "The limit is 1'250 CHF."],
  [
    "The freezer is kept at -20 °C.",
    "The freezer is kept at −20 °C.",
    "The freezer is kept at minus 20 °C.",
    "The freezer is kept at 20 °C below zero.",
  ],
  ["Sales changed by -5 % in May.", "Sales fell by 5 % in May."],
  ["Between 10-20 people may join.", "Between 10 and 20 people may join."],
  ["Between 10 – 20 people may join.", "Between 10-20 people may join."],
  ["The dam was built in 1954.", "The dam was built in the 1950s.", "The dam was built in 1954."],
  ["Der Damm ist aus den 1950er Jahren.", "Der Damm ist aus den 1950ern."],
  ["Wait 10 °C -20 °C outside.", "Wait 10 °C to 20 °C outside."],
];
describe("a sentence that writes the quantity another way is supported", () => {
  test.each(toPairs(truths))("$evidence | $claim", ({ evidence, claim }) => {
    expect(checkSentence(claim, [readEvidence(evidence)])).toBe("supported");
  });
});

describe("the number of a list item", () => {
  const text = "Keys expire after 90 days. Shipped orders cannot be cancelled.";
  const cases = [
    ["supported", "2. Shipped orders cannot be cancelled."],
    ["supported", "**7.** Keys expire after 90 days."],
    ["supported", "(3) Keys expire after 90 days."],
    ["supported", "4) Keys expire after 90 days."],
    ["unsupported", "2. Keys expire after 80 days."],
    ["unsupported", "90. Keys expire after 2 days."],
  ] as const;
  test.each(cases)("is no quantity of it: %s: %s", (verdict, claim) => {
    expect(checkSentence(claim, [readEvidence(text)])).toBe(verdict);
  });

  test("is told from the day of a date", () => {
    const dated = [readEvidence("Am 1. April 2023 beginnt der neue Vertrag.")];
    expect(checkSentence("1. April 2023 beginnt der neue Vertrag.", dated)).toBe("supported");
    expect(checkSentence("2. April 2023 beginnt der neue Vertrag.", dated)).toBe("unsupported");
  });
});
