/** OpenDocument files, some of them as LibreOffice writes them. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { load, outline } from "../fixtures/load.ts";
import { writeZip } from "../fixtures/zip.ts";

const readFixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

async function loadOne(name: string, content: Uint8Array) {
  const { documents, problems } = await load(name, content);
  expect(problems).toEqual([]);
  expect(documents).toHaveLength(1);
  return documents[0]!;
}

const NAMES = ["office", "text", "table", "style"]
  .map((name) => `xmlns:${name}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`)
  .join(" ");

/** The smallest OpenDocument file of that kind and body. */
function writeOpenDocument(
  kind: "text" | "spreadsheet",
  body: string,
  { manifest = "", styles = "" } = {},
): Uint8Array {
  return writeZip([
    { name: "mimetype", content: `application/vnd.oasis.opendocument.${kind}` },
    {
      name: "content.xml",
      content: `<office:document-content ${NAMES}>${styles}<office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
    },
    {
      name: "META-INF/manifest.xml",
      content: `<manifest:manifest>${manifest}</manifest:manifest>`,
    },
  ]);
}

test("a text document keeps its headings, notes, tables and lists as they are numbered", async () => {
  const document = await loadOne("a.odt", readFixture("handbook.odt"));
  expect(document.title).toBe("The Supplier Handbook");
  expect(outline(document)).toEqual([
    "The Supplier Handbook | # The Supplier Handbook",
    "Contracts | # Contracts",
    "Contracts › Prices | ## Prices",
  ]);
  expect(document.text.split("\n\n").slice(3)).toEqual([
    "A contract runs for two years. It ends in 10^6 days.",
    "Unless it is renewed.",
    "## Prices",
    "| Plan | Price |\n| --- | --- |\n| Team | 10–20 |\n| Solo | 3 |",
    "- first item\n  - nested item\n- second item\n1. step one\n2. step two",
    "Prüfung in Zürich: 日本語.",
  ]);
});

test("slides are pages", async () => {
  const document = await loadOne("a.odp", readFixture("deck.odp"));
  expect(outline(document).slice(0, 2)).toEqual([
    "p1 The Supplier Handbook | # The Supplier Handbook",
    "p2 Contracts | # Contracts",
  ]);
  expect(document.text).toContain("| Team | 10–20 |");
});

test("rows of a sheet have the names of their columns, and dates one form", async () => {
  const document = await loadOne("a.ods", readFixture("plans.ods"));
  expect(document.title).toBe("a");
  expect(document.text.split("\n\n")).toEqual([
    "# Plans",
    "Plan: Team; Price: 10.50 EUR; Since: 2025-03-04",
    "Plan: Solo; Price: 3; Since: 2024-01-31 15:30",
    "Plan: Big; Price: 21",
  ]);
});

test("what was deleted with its traces kept, and what was remarked, is no text", async () => {
  const body =
    "<text:tracked-changes><text:changed-region><text:deletion><text:p>Gone words.</text:p></text:deletion></text:changed-region></text:tracked-changes><text:p>Kept words<office:annotation><text:p>A remark.</text:p></office:annotation>.</text:p>";
  expect((await loadOne("a.odt", writeOpenDocument("text", body))).text).toBe("Kept words.");
});

test("hidden words, paragraphs and sections are no text", async () => {
  const style = (name: string, family: string): string =>
    `<style:style style:name="${name}" style:family="${family}"><style:text-properties text:display="none"/></style:style>`;
  const styles = `<office:automatic-styles>${style("T1", "text")}${style("P1", "paragraph")}<style:style style:name="T2" style:family="text"><style:text-properties text:display="true"/></style:style><style:style style:name="T3" style:family="text" style:parent-style-name="T1"><style:text-properties style:font-name="A"/></style:style></office:automatic-styles>`;
  const body =
    '<text:p>Seen <text:span text:style-name="T3">by its base hidden </text:span><text:span text:style-name="T1">hidden <text:span>deeply</text:span><text:line-break/> </text:span><text:span text:style-name="T2">and shown</text:span>.</text:p><text:p text:style-name="P1">Hidden too.</text:p><text:section text:display="none"><text:section><text:p>And this.</text:p></text:section><text:p>That.</text:p></text:section><text:p text:style-name="T1">End.</text:p>';
  const document = await loadOne("a.odt", writeOpenDocument("text", body, { styles }));
  expect(document.text).toBe("Seen and shown.\n\nEnd.");
});

test("a raised number is told by its height as by its name, and the number of a page is no text", async () => {
  const style = (name: string, position: string): string =>
    `<style:style style:name="${name}" style:family="text"><style:text-properties style:text-position="${position}"/></style:style>`;
  const styles = `<office:automatic-styles>${style("T1", "33% 58%")}${style("T2", "super 58%")}${style("T3", "-8% 58%")}${style("T4", "0% 100%")}</office:automatic-styles>`;
  const body =
    '<text:p>10<text:span text:style-name="T1">6</text:span>, 10<text:span text:style-name="T2">7</text:span>, X1<text:span text:style-name="T3">2</text:span>, 3<text:span text:style-name="T4">4</text:span></text:p><text:p>Page <text:page-number>&lt;number&gt;</text:page-number></text:p>';
  const document = await loadOne("a.odt", writeOpenDocument("text", body, { styles }));
  expect(document.text).toBe("10^6, 10^7, X12, 34\n\nPage");
});

test("a sheet that says it has a million rows and columns of one word is read", async () => {
  const cell =
    '<table:table-cell table:number-columns-repeated="16384"><text:p>Word</text:p></table:table-cell>';
  const row = `<table:table-row table:number-rows-repeated="1048576">${cell}</table:table-row>`;
  const sheet = `<table:table table:name="A">${row}</table:table>`;
  const { documents, problems } = await load("a.ods", writeOpenDocument("spreadsheet", sheet));
  expect(problems.map(({ code }) => code)).toEqual([]);
  expect(documents[0]!.text.length).toBeLessThan(10_000_000);
});

test("a heading of a level that there is none of is a heading", async () => {
  const body =
    '<text:h text:outline-level="-3">First</text:h><text:h text:outline-level="1000">Last</text:h>';
  const document = await loadOne("a.odt", writeOpenDocument("text", body));
  expect(document.text).toBe("# First\n\n###### Last");
});

test("a file that a password locks is refused as such", async () => {
  const manifest =
    '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>';
  const { documents, problems } = await load("a.odt", writeOpenDocument("text", "", { manifest }));
  expect(documents).toEqual([]);
  expect(problems).toMatchObject([{ code: "encrypted" }]);
});
