import { expect, test } from "vitest";
import type { Chunk } from "../../src/domain/chunk.ts";
import { collapse } from "../../src/retrieval/collapse.ts";
import type { Found } from "../../src/retrieval/take.ts";

const words =
  "the base price of the tariff for all customers with one meter is due at the end of each month and covers the meter, reading it twice, the bill";

function collapsed(
  ...texts: readonly (readonly [title: string, text: string])[]
): readonly string[] {
  const found = texts.map(([title, text], index) => toFound(`d${index}`, title, text));
  return collapse(found).kept.map(({ chunk }) => chunk.documentId);
}

test("the same text is kept once, the best ranked", () => {
  expect(collapsed(["A tariff", words], ["A tariff", words])).toEqual(["d0"]);
  expect(collapsed(["A tariff", `${words} 5 Euro`], ["A tariff", words])).toEqual(["d0"]);
});

test("what has a number or a name that the better one lacks is no twin", () => {
  const cases = [
    ["A tariff", `In 2022 ${words}: 30 euros.`, "A tariff", `In 2025 ${words}: 34 euros.`],
    ["A tariff", `In Germany ${words}.`, "A tariff", `In Austria ${words}.`],
    ["Germany", words, "Austria", words],
    ["A tariff", words, "A tariff", `${words} 5 Euro`],
  ] as const;
  for (const [title, text, other, otherText] of cases) {
    expect(collapsed([title, text], [other, otherText])).toEqual(["d0", "d1"]);
  }
});

test("the names of its columns tell the rest of a table from another's", () => {
  const rows = `| Base | ${words} |`;
  const [old, young] = ["2022", "2025"].map((year): Found => {
    const one = toFound(year, "A tariff", rows);
    return {
      ...one,
      chunk: { ...one.chunk, location: { headings: [], columns: `| Part | ${year} |` } },
    };
  });
  if (old === undefined || young === undefined) throw new Error("there is no table");
  expect(collapse([old, young]).kept).toEqual([old, young]);
});

function toFound(documentId: string, title: string, text: string): Found {
  const chunk: Chunk = {
    id: `${documentId}#0`,
    documentId,
    position: 0,
    title,
    location: { headings: [] },
    start: 0,
    end: text.length,
    text,
    metadata: {},
  };
  return { collection: "c", row: 0, score: 1, from: {}, chunk } as unknown as Found;
}
