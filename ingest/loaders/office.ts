/** DOCX, PPTX, XLSX and EPUB as Markdown: headings, lists, tables; slides and sheets are pages. */
import { parseOffice } from "officeparser/slim";
import type { IngestLimits } from "../limits.ts";
import { toTitle } from "./hidden-text.ts";
import { type FileReference, type LoadEvent, type Loader, toProblem } from "./load-event.ts";
import { toOfficeText } from "./office-text.ts";
import { withSheetFacts } from "./sheets.ts";
import { toFileTitle } from "./titles.ts";
import { withStyles } from "./word-styles.ts";
import { findZipProblem } from "./zip-guard.ts";
import { openZip } from "./zip-parts.ts";
import { replacePart } from "./zip-replace.ts";

type OfficeFormat = "docx" | "pptx" | "xlsx" | "epub";

/** A loader for one of the zip-based formats. */
export function createOfficeLoader(format: OfficeFormat): Loader {
  return async function* load(bytes, file, limits): AsyncGenerator<LoadEvent> {
    const problem = findZipProblem(bytes, file, limits);
    if (problem !== undefined) {
      yield problem;
      return;
    }
    yield await parse(bytes, format, file, limits);
  };
}

/** Parts of a Word file with text. */
const WORD_PARTS = ["document", "footnotes", "endnotes"].map((name) => `word/${name}.xml`);
const HYPHEN = /<w:noBreakHyphen\s*\/>/g;

/** Word writes a hyphen that does not break as an element, which the parser drops: 555-1234 would be 5551234. */
function withHyphens(bytes: Uint8Array): Uint8Array {
  return WORD_PARTS.reduce((zip, name) => {
    const xml = openZip(zip).read(name) ?? "";
    const mended = xml.replace(HYPHEN, "<w:t>-</w:t>");
    return mended === xml ? zip : replacePart(zip, name, mended);
  }, bytes);
}

async function parse(
  bytes: Uint8Array,
  format: OfficeFormat,
  file: FileReference,
  limits: IngestLimits,
): Promise<LoadEvent> {
  const ast = await parseOffice(format === "docx" ? withHyphens(bytes) : bytes, {
    fileType: format,
    ocr: false,
    extractAttachments: false,
    ignoreComments: true,
    ignoreHeadersAndFooters: true,
    ignoreSlideMasters: true,
    decompressionLimits: {
      maxUncompressedBytes: limits.zipBytesMax,
      maxZipEntries: limits.zipEntriesMax,
    },
  });
  const mend = format === "docx" ? withStyles : format === "xlsx" ? withSheetFacts : undefined;
  const content = mend === undefined ? ast.content : mend(ast.content, openZip(bytes));
  const { text, sections } = toOfficeText(content, limits);
  if (text.trim() === "") {
    const advice = "its content may be pictures: export it as text or PDF with text";
    return toProblem(file.id, "no-text", `holds no text; ${advice}`);
  }
  const { title = "", author } = ast.metadata;
  const named =
    toTitle(title, limits.titleCharsMax) || (format === "xlsx" ? "" : sections[0]?.headings[0]);
  return {
    type: "document",
    document: {
      id: file.id,
      source: file.id,
      title: named || toFileTitle(file.id),
      text,
      sections,
      kind: "markdown",
      metadata: author === undefined ? {} : { author: toTitle(author, limits.titleCharsMax) },
    },
  };
}
