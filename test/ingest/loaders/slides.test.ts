import { expect, test } from "vitest";
import { withSlideFacts } from "../../../ingest/loaders/slides.ts";
import { openZip } from "../../../ingest/loaders/zip-parts.ts";
import { replacePart } from "../../../ingest/loaders/zip-replace.ts";
import { load } from "../fixtures/load.ts";
import { writePptx } from "../fixtures/office-files.ts";

const SLIDE = "ppt/slides/slide1.xml";

/** The text of a slide with this XML behind its title and its words. */
async function textWith(xml: string): Promise<string> {
  const plain = writePptx([["Title", "Words"]]);
  const slide = openZip(plain).read(SLIDE)!;
  const bytes = replacePart(plain, SLIDE, slide.replace("</p:spTree>", `${xml}</p:spTree>`));
  const { documents, problems } = await load("a.pptx", bytes);
  expect(problems).toEqual([]);
  return documents[0]!.text;
}

test("the number, the foot, the date and the head of a slide are no text", async () => {
  const shape = (kind: string, words: string): string =>
    `<p:sp><p:nvSpPr><p:cNvPr id="9" name="x"/><p:cNvSpPr/><p:nvPr><p:ph sz="quarter" type="${kind}"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>${words}</a:t></a:r></a:p></p:txBody></p:sp>`;
  const around =
    shape("sldNum", "7") + shape("ftr", "Acme") + shape("dt", "May") + shape("hdr", "X");
  expect(await textWith(around + shape("body", "More words"))).toBe(
    "# Title\n\nWords\n\nMore words",
  );
});

test("a merged cell of a slide stands in every row and column that it spans", async () => {
  const cell = (words: string, attributes = ""): string =>
    `<a:tc ${attributes}><a:txBody><a:bodyPr/><a:p><a:r><a:t>${words}</a:t></a:r></a:p></a:txBody><a:tcPr/></a:tc>`;
  const row = (...cells: readonly string[]): string => `<a:tr h="1">${cells.join("")}</a:tr>`;
  const rows = [
    row(cell("Plan"), cell("Price", 'gridSpan="2"'), cell("", 'hMerge="1"')),
    row(cell("Gold", 'rowSpan="2"'), cell("90"), cell("80")),
    row(cell("", 'vMerge="1"'), cell("70"), cell("60")),
  ];
  const table = `<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="8" name="t"/></p:nvGraphicFramePr><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table"><a:tbl><a:tblPr/>${rows.join("")}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>`;
  expect(await textWith(table)).toContain(
    "| Plan | Price | Price |\n| --- | --- | --- |\n| Gold | 90 | 80 |\n| Gold | 70 | 60 |",
  );
});

test("words of a cell that have no end are not looked for again from each beginning", () => {
  const cell = `<a:tbl><a:tr h="1"><a:tc h="1">${"<a:txBody>".repeat(200_000)}</a:tbl>`;
  const bytes = replacePart(writePptx([["Title", "Words"]]), SLIDE, cell);
  expect(withSlideFacts(bytes)).toBe(bytes);
});
