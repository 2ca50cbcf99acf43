import { describe, expect, test } from "vitest";
import { load } from "../fixtures/load.ts";
import { toParagraph, writeDocx, writeXlsx } from "../fixtures/office-files.ts";

async function loadOne(name: string, content: Uint8Array) {
  const { documents, problems } = await load(name, content);
  expect(problems).toEqual([]);
  expect(documents).toHaveLength(1);
  return documents[0]!;
}

/** The blocks of the document's text. */
async function blocksOf(name: string, content: Uint8Array): Promise<readonly string[]> {
  return (await loadOne(name, content)).text.split("\n\n");
}

describe("XLSX", () => {
  test("a value stands under the name of its own column, whatever cells beside it are empty", async () => {
    const rows = [
      ["Name", "Manager", "Phone", "City"],
      ["Ada", null, "555-1", "Oslo"],
      [null, "Ada", null, "Rome"],
    ];
    expect(await blocksOf("a.xlsx", writeXlsx({ Staff: rows }))).toEqual([
      "# Staff",
      "Name: Ada; Phone: 555-1; City: Oslo",
      "Manager: Ada; City: Rome",
    ]);
  });

  test("a column without a name gives its values without one", async () => {
    const rows = [
      ["Name", null, "City"],
      ["Ada", "retired", "Oslo"],
    ];
    expect(await blocksOf("a.xlsx", writeXlsx({ Staff: rows }))).toEqual([
      "# Staff",
      "Name: Ada; retired; City: Oslo",
    ]);
  });
});

describe("DOCX tables", () => {
  const cell = (text: string, properties = ""): string =>
    `<w:tc><w:tcPr>${properties}</w:tcPr>${text
      .split("\n")
      .map((line) => toParagraph(line))
      .join("")}</w:tc>`;
  const table = (...rows: readonly (readonly string[])[]) => ({
    xml: `<w:tbl>${rows.map((cells) => `<w:tr>${cells.join("")}</w:tr>`).join("")}</w:tbl>`,
  });

  test("a cell that spans rows stands in each of them, and the others keep their columns", async () => {
    const block = table(
      [cell("Plan"), cell("Seats"), cell("Price")],
      [cell("Team", '<w:vMerge w:val="restart"/>'), cell("5"), cell("9")],
      [cell("", "<w:vMerge/>"), cell("6"), cell("10")],
      [cell("Solo"), cell("1"), cell("3")],
    );
    expect(await blocksOf("a.docx", writeDocx([block]))).toEqual([
      "| Plan | Seats | Price |\n| --- | --- | --- |\n| Team | 5 | 9 |\n| Team | 6 | 10 |\n| Solo | 1 | 3 |",
    ]);
  });

  test("a cell that spans columns moves none of the cells after it", async () => {
    const block = table(
      [cell("Plan"), cell("Seats"), cell("Price")],
      [cell("Free", '<w:gridSpan w:val="2"/>'), cell("0")],
    );
    expect(await blocksOf("a.docx", writeDocx([block]))).toEqual([
      "| Plan | Seats | Price |\n| --- | --- | --- |\n| Free |  | 0 |",
    ]);
  });

  test("paragraphs of a cell are apart", async () => {
    const block = table([cell("A"), cell("B")], [cell("One\nTwo"), cell("3")]);
    expect(await blocksOf("a.docx", writeDocx([block]))).toEqual([
      "| A | B |\n| --- | --- |\n| One Two | 3 |",
    ]);
  });
});
