/** Terms made without LanceDB are those that LanceDB makes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AppError } from "../../../src/errors.ts";
import { createNativeAnalyse } from "../../../src/node/lance/native-analyse.ts";
import { edgeAnalyse as edge } from "../../../src/stores/lance/edge-analyse.ts";

const native = createNativeAnalyse();

/** The pages of the guide and the samples: prose, code, other scripts. */
const texts = readdirSync("data", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => readFileSync(join("data", name), "utf8"));

test.each(["english", "none"])("of our own pages, in language %s", async (language) => {
  const spec = { language, tokenizer: "words" } as const;
  let terms = 0;
  for (const text of texts) {
    const expected = await native(text, spec);
    expect([...(await edge(text, spec))]).toEqual([...expected]);
    terms += expected.size;
  }
  expect(terms).toBeGreaterThan(5_000);
});

test.each([
  "dying skies internal intervals pasted evening proceeding generously",
  "sayings boys' cries ties flies say youth hoping hopped falling",
  "luxuriously relational vietnamization sensibilities argument adjustments",
  "the ins and outs of lead-ins: ifs, buts, cans, doings and a will that is willing",
  "The naïve café, Ünïcode and THE ends",
  "Straße Ærøskøbing łódź ΑΘΉΝΑ Москва がんばる 안녕 résumés",
  "snake_case kebab-case don't it's x1y2",
  `one ${"a".repeat(39)} ${"b".repeat(40)} ${"é".repeat(20)} end`,
  "",
  "!?",
])("of %.40j", async (text) => {
  const spec = { language: "english", tokenizer: "words" } as const;
  expect([...(await edge(text, spec))]).toEqual([...(await native(text, spec))]);
});

test("a language that it has no stems of is refused by name", async () => {
  const refused = edge("Häuser", { language: "german", tokenizer: "words" });
  await expect(refused).rejects.toThrow(AppError);
  await expect(refused).rejects.toMatchObject({ code: "unsupported_option" });
});
