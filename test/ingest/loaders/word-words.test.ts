import { expect, test } from "vitest";
import { load } from "../fixtures/load.ts";
import { writeDocx } from "../fixtures/office-files.ts";

const run = (words: string, properties = ""): string =>
  `<w:r><w:rPr>${properties}</w:rPr><w:t xml:space="preserve">${words}</w:t></w:r>`;
const paragraph = (runs: string, style = ""): string =>
  `<w:p><w:pPr>${style === "" ? "" : `<w:pStyle w:val="${style}"/>`}</w:pPr>${runs}</w:p>`;

async function textOf(xml: string, styles = "", name = "a.docx"): Promise<string> {
  const { documents, problems } = await load(name, writeDocx([{ xml }], { styles }));
  expect(problems).toEqual([]);
  return documents[0]!.text;
}

test("words that a style hides are no text, unless they say otherwise", async () => {
  const style = (id: string, inner: string): string =>
    `<w:style w:styleId="${id}"><w:name w:val="${id}"/>${inner}</w:style>`;
  const styles = [
    style("Hide", "<w:rPr><w:vanish/></w:rPr>"),
    style("Below", '<w:basedOn w:val="Hide"/>'),
    style("Show", '<w:basedOn w:val="Hide"/><w:rPr><w:vanish w:val="0"/></w:rPr>'),
    style("Loop", '<w:basedOn w:val="Loop"/>'),
  ].join("");
  const words = [
    run("Seen"),
    run(" hidden", '<w:rStyle w:val="Hide"/>'),
    run(" below", '<w:rStyle w:val="Below"/>'),
    run(" shown", '<w:rStyle w:val="Show"/>'),
    run(" kept", '<w:rStyle w:val="Hide"/><w:vanish w:val="false"/>'),
    run(" round", '<w:rStyle w:val="Loop"/>'),
  ].join("");
  const xml = [
    paragraph(words),
    paragraph(run("A hidden paragraph"), "Below"),
    paragraph(run("Not in ") + run("this", '<w:rStyle w:val="Show"/>'), "Hide"),
    paragraph(run("End.")),
  ].join("");
  expect(await textOf(xml, styles)).toBe("Seen shown kept round\n\nthis\n\nEnd.");
});

test("words with others above that tell how they are read are text, the others are not", async () => {
  const ruby = `<w:r><w:ruby><w:rubyPr/><w:rt>${run("とうきょう")}</w:rt><w:rubyBase>${run("東京")}</w:rubyBase></w:ruby></w:r>`;
  expect(await textOf(paragraph(ruby + run("都の天気")))).toBe("東京都の天気");
});

test("signs of a font of signs are written as letters are", async () => {
  const sign = (font: string, code: string): string =>
    `<w:r><w:sym w:font="${font}" w:char="${code}"/></w:r>`;
  const signs = [
    sign("Symbol", "F061"),
    sign("Symbol", "F0A3"),
    run(" 5 "),
    sign("Wingdings", "F0FC"),
    sign("MS Gothic", "2612"),
    sign("Wingdings", "F021"),
    sign("Other", "3C"),
    run("."),
  ];
  expect(await textOf(paragraph(signs.join("")))).toBe("α≤ 5 ✓☒ .");
});

test.each(["a.docm", "a.dotx", "A.DOTM"])("%s is read as a Word file is", async (name) => {
  expect(await textOf(paragraph(run("Words with macros beside.")), "", name)).toBe(
    "Words with macros beside.",
  );
});
