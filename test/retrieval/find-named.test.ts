import { expect, test } from "vitest";
import { findNamed, type Titled } from "../../src/retrieval/find-named.ts";
import { createLexicalReranker } from "../../src/retrieval/lexical-rerank.ts";

const lead: Titled = {
  title: "Lighthouse of Ardwick",
  text: "It was built by Mara Quill, and its retry policies were written in Osset.",
};
const nothingAsked = (): boolean => false;

test.each([
  ["a name of two words", "Mara Quill", true],
  ["what tells namesakes apart left out", "Mara Quill (engineer)", true],
  ["another inflection", "Retry policy", true],
  ["a single word as it is written", "Osset", true],
  ["a single word written otherwise", "Policies", false],
  ["a part of a word", "Oss", false],
  ["another order", "Quill Mara", false],
  ["its own title", "Lighthouse of Ardwick", false],
  ["nothing but function words", "It was", false],
  ["no title", "", false],
])("%s: %j", (_name, title, isNamed) => {
  const passages = [lead, { title, text: "Nothing to say of it." }];
  expect(findNamed(passages, [0], nothingAsked)).toEqual(new Map(isNamed ? [[1, 0]] : []));
});

test("the first lead counts, and who is no lead names nobody", () => {
  const passages = [
    { title: "A", text: "Nobody is named." },
    { title: "B", text: "See Mara Quill." },
    { title: "C", text: "See Mara Quill." },
    { title: "Mara Quill", text: "She built things." },
  ];
  expect(findNamed(passages, [0, 2, 1], nothingAsked)).toEqual(new Map([[3, 2]]));
  expect(findNamed(passages, [0], nothingAsked)).toEqual(new Map());
});

test("what the question names itself is passed over", () => {
  const passages = [lead, { title: "Mara Quill", text: "She built things." }];
  const asked = new Set(["mara", "quill"]);
  expect(findNamed(passages, [0], (stem) => asked.has(stem))).toEqual(new Map());
});

test("of two texts that hold as many of the question's words the one that the best text names is ranked higher", async () => {
  const texts = [
    "Osset\nThe town lies in a valley and has a harbour with an old wall.",
    "Mara Quill\nShe was seen in a valley and liked her harbour and the old wall.",
    "Lighthouse of Ardwick\nThe lighthouse of Ardwick was designed by Mara Quill.",
  ];
  const question = "Where did the designer of the lighthouse of Ardwick live?";
  const { signal } = new AbortController();
  const reranker = createLexicalReranker();
  const [osset = 0, quill = 0, lighthouse = 0] = await reranker.score(question, texts, signal);
  expect(quill).toBeGreaterThan(osset + 1);
  expect(lighthouse).toBeGreaterThan(quill);
  const step = await reranker.forSteps?.score(question, texts, signal);
  expect(Math.abs((step?.[1] ?? 9) - (step?.[0] ?? 0))).toBeLessThan(1);
});
