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

async function parse(
  bytes: Uint8Array,
  format: OfficeFormat,
  file: FileReference,
  limits: IngestLimits,
): Promise<LoadEvent> {
  const ast = await parseOffice(bytes, {
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
