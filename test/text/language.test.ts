import { expect, test } from "vitest";
import { isInOtherLanguage, readLanguageSigns } from "../../src/text/language.ts";

const english =
  "The painter moved to the south of France in 1888. He worked with a friend, and they had a house that is now a museum for visitors.";
const chinese = "美国劳工统计局估计，美国有140万名小学教师，这是该国最大的职业之一。";

const cases: readonly (readonly [text: string, other: string, isOther: boolean])[] = [
  ["Der Maler zog in den Süden und hatte ein Haus.", english, true],
  ["Le peintre est parti dans le sud avec un ami.", english, true],
  ["画家于1888年迁往法国南部。", english, true],
  ["In 1888 Vincent van Gogh painted Sunflowers in Arles", english, false],
  ["Ludwig van Beethoven, Charles de Gaulle, Rio de Janeiro", english, false],
  ["Charles Hart saw a native son in college", english, false],
  ["美国劳工统计局 (Bureau of Labor Statistics) 估计有140万名教师。", chinese, false],
  ["Bureau of Labor Statistics", chinese, true],
];

test.each(cases)("%s", (text, other, isOther) => {
  expect(isInOtherLanguage(readLanguageSigns(text), readLanguageSigns(other))).toBe(isOther);
});
