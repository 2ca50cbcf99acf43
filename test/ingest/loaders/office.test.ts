import { describe, expect, test } from "vitest";
import { openZip } from "../../../ingest/loaders/zip-parts.ts";
import { replacePart } from "../../../ingest/loaders/zip-replace.ts";
import { load, outline } from "../fixtures/load.ts";
import {
  toParagraph,
  writeDocx,
  writePptx,
  writeXlsx,
  type XlsxValue,
} from "../fixtures/office-files.ts";

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

  test("a cell that is merged over rows stands in each that has other values", async () => {
    const rows = [
      ["Price list", null, null],
      ["Plan", "Seats", "Until"],
      ["Team", 5, { value: 45720, format: 14 }],
      [null, 6, null],
      [null, null, null],
      ["Solo", 1, null],
    ];
    const merged = ["A1:C1", "A3:A5", "C3:C4", "A90:A1048576"];
    expect(await blocksOf("a.xlsx", writeXlsx({ A: rows }, { merged }))).toEqual([
      "# A",
      "Price list",
      "Plan: Team; Seats: 5; Until: 2025-03-04",
      "Plan: Team; Seats: 6; Until: 2025-03-04",
      "Plan: Solo; Seats: 1",
    ]);
  });

  const headers: readonly (readonly [
    string,
    readonly (readonly XlsxValue[])[],
    readonly string[],
  ])[] = [
    [
      "may stand below titles",
      [["Sales of 2025"], ["in euros"], ["Region", "Sum"], ["North", 10]],
      ["Sales of 2025", "in euros", "Region: North; Sum: 10"],
    ],
    [
      "may hold years in their order",
      [
        ["Item", 2023, 2024],
        ["Rent", 100, 200],
      ],
      ["Item: Rent; 2023: 100; 2024: 200"],
    ],
    [
      "holds no other numbers",
      [
        ["Rent", 2024, 2023],
        ["Wages", 300, 400],
      ],
      ["Rent; 2024; 2023", "Wages; 300; 400"],
    ],
    [
      "has no name twice",
      [
        ["Ada", "Ada"],
        ["Bo", "Cy"],
      ],
      ["Ada; Ada", "Bo; Cy"],
    ],
    ["is no row of a list", [["Ada"], ["Bo"]], ["Ada", "Bo"]],
  ];
  test.each(headers)("the header of a sheet %s", async (_, rows, lines) => {
    expect(await blocksOf("a.xlsx", writeXlsx({ A: rows }))).toEqual(["# A", ...lines]);
  });

  const formats: readonly (readonly [string, number, number | string, string])[] = [
    ["a day", 45720, 14, "2025-03-04"],
    ["a day and time", 45720.645833333336, 22, "2025-03-04 15:30"],
    ["seconds", 45351.99997685185, "yyyy-mm-dd h:mm:ss", "2024-02-29 23:59:58"],
    ["a time", 0.6458333333333334, 20, "15:30"],
    ["a time of some day", 45720.25, "h:mm AM/PM", "06:00"],
    ["an elapsed time", 1.5, 46, "36:00"],
    ["elapsed minutes", 0.0625, "[mm]:ss", "01:30"],
    ["parts of seconds", 0.5000001, "mm:ss.0", "12:00"],
    ["a number of days", 12, "0 days", "12"],
    ["the first day", 1, 14, "1900-01-01"],
    ["the day before the one that never was", 59, 14, "1900-02-28"],
    ["the day after it", 61, 14, "1900-03-01"],
    ["the day that never was", 60, 14, "60"],
    ["a day without its time", 45720.75, "dd.mm.yyyy", "2025-03-04"],
    ["a month", 45717, 'mmm" "yy', "2025-03-01"],
    ["a format of a language", 45720, "[$-407]d\\.\\ mmmm\\ yyyy;@", "2025-03-04"],
    ["a day that no calendar has", 9_999_999, 14, "9999999"],
    ["a day before all days", -3, 14, "-3"],
    ["an amount in red", 45720, "#,##0;[Red]-#,##0", "45720"],
    ["words in quotes", 12, '0 "days"', "12"],
    ["an escaped letter", 12, "0\\d", "12"],
    ["a currency in brackets", 12, "#,##0 [$USD]", "12"],
    ["a power of ten", 12, "0.00E+00", "12"],
    ["no format", 45720, 0, "45720"],
    ["padding", 12, "_d0_)*h", "12"],
  ];
  test.each(formats)("%s: %f in format %j is %s", async (_, value, format, shown) => {
    const rows = [
      ["Who", "What"],
      ["Ada", { value, format }],
    ];
    expect(await blocksOf("a.xlsx", writeXlsx({ A: [["x"]], "R&amp;D": rows }))).toEqual([
      "# A",
      "x",
      "# R&D",
      `Who: Ada; What: ${shown}`,
    ]);
  });

  test("days are counted from 1904 where the file says so", async () => {
    const rows = [
      ["Who", "Since"],
      ["Ada", { value: 44258, format: 14 }],
    ];
    const bytes = writeXlsx({ A: rows }, { properties: '<workbookPr date1904="1"/>' });
    expect(await blocksOf("a.xlsx", bytes)).toEqual(["# A", "Who: Ada; Since: 2025-03-04"]);
  });

  test("a first row with a date in it is no header", async () => {
    const since = { value: 45720, format: 14 };
    const rows = [
      ["Ada", since],
      ["Bo", since],
    ];
    expect(await blocksOf("a.xlsx", writeXlsx({ A: rows }))).toEqual([
      "# A",
      "Ada; 2025-03-04",
      "Bo; 2025-03-04",
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

  test("a cell that spans columns stands in each of them and moves none of the cells after it", async () => {
    const block = table(
      [cell("Plan"), cell("Seats"), cell("Price")],
      [cell("Free", '<w:gridSpan w:val="2"/>'), cell("0")],
      [cell("As of May", '<w:gridSpan w:val="3"/>')],
    );
    expect(await blocksOf("a.docx", writeDocx([block]))).toEqual([
      "| Plan | Seats | Price |\n| --- | --- | --- |\n| Free | Free | 0 |\n| As of May |  |  |",
    ]);
  });

  test("paragraphs of a cell are apart", async () => {
    const block = table([cell("A"), cell("B")], [cell("One\nTwo"), cell("3")]);
    expect(await blocksOf("a.docx", writeDocx([block]))).toEqual([
      "| A | B |\n| --- | --- |\n| One Two | 3 |",
    ]);
  });
});

describe("DOCX notes", () => {
  test("footnotes and endnotes follow the block that refers to them, each once", async () => {
    const blocks = [
      "# Terms{f3}",
      "Payment is due in 30 days{f1} after delivery{e1}.",
      "- Books{f2}",
      "Later.{f1}",
      [["Rate"], ["5{e2}"]],
    ];
    const parts = {
      footnotes: ["Except in Norway: 45 days.", "And maps.", "Valid from 2025."],
      endnotes: ["See the law of 1999.", "In per cent."],
    };
    const document = await loadOne("a.docx", writeDocx(blocks, parts));
    expect(document.text.split("\n\n")).toEqual([
      "# Terms",
      "Valid from 2025.",
      "Payment is due in 30 days after delivery.",
      "Except in Norway: 45 days.",
      "See the law of 1999.",
      "- Books",
      "And maps.",
      "Later.",
      "| Rate |\n| --- |\n| 5 |",
      "In per cent.",
    ]);
    expect(outline(document)).toEqual(["Terms | # Terms"]);
  });
});

describe("DOCX headings", () => {
  const style = (id: string, name: string, rest = ""): string =>
    `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/>${rest}</w:style>`;
  const styles = [
    style("Standard", "Normal"),
    style("berschrift1", "heading 1"),
    style("berschrift2", "Heading 2", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>'),
    style("Abschnitt", "Abschnitt &amp; mehr", '<w:basedOn w:val="berschrift2"/>'),
    style("Eigene", "Eigene", '<w:pPr><w:outlineLvl w:val="2"/></w:pPr>'),
    style(
      "Inhalt",
      "TOC Heading",
      '<w:basedOn w:val="berschrift1"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr>',
    ),
    style("Titel", "Title"),
    style("Kreis", "round", '<w:basedOn w:val="Kreis"/>'),
  ].join("");
  const styled = (text: string, id: string, rest = ""): { readonly xml: string } => ({
    xml: toParagraph(text, `<w:pStyle w:val="${id}"/>${rest}`),
  });

  test("are known by the name and the outline level of their styles, in every language", async () => {
    const blocks = [
      styled("Handbuch", "Titel"),
      styled("Inhalt", "Inhalt"),
      styled("Zahlung", "berschrift1"),
      styled("In 30 Tagen.{f1}", "Standard"),
      styled("Skonto{f2}", "berschrift2"),
      styled("Frist", "Abschnitt"),
      styled("Ausland", "Eigene"),
      styled("Ohne.", "Kreis"),
      styled(
        "Lieferung",
        "berschrift1",
        '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>',
      ),
      styled("Frei Haus.", "unknown"),
    ];
    const document = await loadOne(
      "a.docx",
      writeDocx(blocks, { styles, footnotes: ["Netto.", "2 Prozent."] }),
    );
    expect(outline(document)).toEqual([
      "Handbuch | # Handbuch",
      "Zahlung | # Zahlung",
      "Zahlung › Skonto | ## Skonto",
      "Zahlung › Frist | ## Frist",
      "Zahlung › Frist › Ausland | ### Ausland",
      "Lieferung | # Lieferung",
    ]);
    expect(document.text.split("\n\n")).toEqual([
      "# Handbuch",
      "Inhalt",
      "# Zahlung",
      "In 30 Tagen.",
      "Netto.",
      "## Skonto",
      "2 Prozent.",
      "## Frist",
      "### Ausland",
      "Ohne.",
      "# Lieferung",
      "Frei Haus.",
    ]);
    expect(document.title).toBe("Handbuch");
  });

  test("a style that numbers its paragraphs makes items of them", async () => {
    const numbered = (id: number): string =>
      `<w:pPr><w:numPr><w:numId w:val="${id}"/></w:numPr></w:pPr>`;
    const lists = [
      style("Aufzhlung", "List Bullet", numbered(1)),
      style("Aufzhlung2", "List Bullet 2", numbered(1)),
      style("Eigen", "Eigen", '<w:basedOn w:val="Aufzhlung"/>'),
      style("Nummer", "List Number", numbered(2)),
      style("Keine", "Keine", `<w:basedOn w:val="Aufzhlung"/>${numbered(0)}`),
    ].join("");
    const blocks = [
      styled("Es braucht:", "Standard"),
      styled("einen Antrag", "Aufzhlung"),
      styled("mit Bild", "Aufzhlung2"),
      styled("eine Karte", "Eigen"),
      styled("Schritte:", "Keine"),
      styled("Kommen", "Nummer"),
      styled("Gehen", "Nummer"),
    ];
    expect(await blocksOf("a.docx", writeDocx(blocks, { styles: lists }))).toEqual([
      "Es braucht:",
      "- einen Antrag\n  - mit Bild\n- eine Karte",
      "Schritte:",
      "1. Kommen\n2. Gehen",
    ]);
  });

  test("a hyphen that does not break is a hyphen, in notes too", async () => {
    const xml = `<w:p><w:r><w:t>Call 555</w:t><w:noBreakHyphen/><w:t>1234</w:t></w:r><w:r><w:footnoteReference w:id="1"/></w:r></w:p>`;
    const plain = writeDocx([{ xml }, "Last."], { footnotes: ["From May HERE June."] });
    expect(await blocksOf("a.docx", plain)).toContain("Call 555-1234");
    const mended = replacePart(
      plain,
      "word/footnotes.xml",
      openZip(plain)
        .read("word/footnotes.xml")!
        .replace(" HERE ", "</w:t><w:noBreakHyphen /><w:t>"),
    );
    expect(await blocksOf("a.docx", mended)).toEqual(["Call 555-1234", "From May-June.", "Last."]);
    expect(replacePart(plain, "word/none.xml", "")).toBe(plain);
  });

  test("a raised number is not a digit of the number before it", async () => {
    const run = (text: string, raised = false): string =>
      `<w:r><w:rPr>${raised ? '<w:vertAlign w:val="superscript"/>' : ""}</w:rPr><w:t xml:space="preserve">${text}</w:t></w:r>`;
    const xml = `<w:p>${run("About 10")}${run("6", true)}${run(" users on 5 m")}${run("2", true)}${run(", or 10")}${run("1", true)}${run("2", true)}${run(" in 2024")}${run("3,4", true)}${run(".")}</w:p>`;
    expect(await blocksOf("a.docx", writeDocx([{ xml }]))).toEqual([
      "About 10^6 users on 5 m2, or 10^12 in 2024^3,4.",
    ]);
  });

  test("without a part for styles are those that English Word names", async () => {
    const blocks = [styled("One", "Heading1"), "Words."];
    expect(outline(await loadOne("a.docx", writeDocx(blocks, { styles: "" })))).toEqual([
      "One | # One",
    ]);
  });
});

test("a chart on a slide is a table of its figures", async () => {
  const points = (values: readonly string[]): string =>
    values.map((value, at) => `<c:pt idx="${at}"><c:v>${value}</c:v></c:pt>`).join("");
  const series = (name: string, values: readonly string[]): string =>
    `<c:ser><c:tx><c:strRef><c:strCache>${points([name])}</c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache>${points(["2024", "2025"])}</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache>${points(values)}</c:numCache></c:numRef></c:val></c:ser>`;
  const chart = series("North", ["10", "12"]) + series("South", ["7", "9"]);
  expect(await blocksOf("a.pptx", writePptx([["Sales", "by region"]], chart))).toEqual([
    "# Sales",
    "by region",
    "|  | North | South |\n| --- | --- | --- |\n| 2024 | 10 | 7 |\n| 2025 | 12 | 9 |",
  ]);
});

test("a paragraph that stands in a heading's style is kept whole, and is no heading", async () => {
  const long = `A paragraph ${"of many words ".repeat(30)}ends here.`;
  const document = await loadOne("a.docx", writeDocx(["# Short", `# ${long}`, "Text."]));
  expect(document.text).toBe(`# Short\n\n${long}\n\nText.`);
  expect(outline(document)).toEqual(["Short | # Short"]);
});

test("hidden words of a Word file are no text", async () => {
  const run = (words: string, properties = ""): string =>
    `<w:r w:rsidR="1"><w:rPr>${properties}</w:rPr><w:t xml:space="preserve">${words}</w:t></w:r>`;
  const xml = `<w:p>${run("Seen ")}${run("hidden ", "<w:b/><w:vanish/>")}${run("and shown ", '<w:vanish w:val="0"/>')}${run("end.")}</w:p>`;
  expect(await blocksOf("a.docx", writeDocx([{ xml }]))).toEqual(["Seen and shown end."]);
  // Word says what was so before a change that is traced behind what is so now.
  const before = `<w:rPrChange w:id="1"><w:rPr><w:vanish/></w:rPr></w:rPrChange>`;
  const long = Array.from({ length: 300_000 }, (_, at) => `word${at}`).join(" ");
  const changed = `<w:p>${run("hidden", "<w:vanish/>")}${run("Shown again: ", before)}${run(long)}</w:p>`;
  const [text] = await blocksOf("a.docx", writeDocx([{ xml: changed }]));
  expect(text === `Shown again: ${long}`).toBe(true);
});
