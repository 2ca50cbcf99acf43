/** Office files and EPUB as Markdown: headings, lists, tables; slides and sheets are pages. */
import { type OfficeContentNode, parseOffice } from "officeparser/slim";
import type { IngestLimits } from "../limits.ts";
import { toTitle } from "./hidden-text.ts";
import {
  type FileReference,
  type LoadEvent,
  type Loader,
  toDocumentEvent,
  toProblem,
} from "./load-event.ts";
import { withCharts } from "./office-charts.ts";
import { toOfficeText } from "./office-text.ts";
import { isLocked, withExactDates, withLists, withPowers } from "./open-document.ts";
import { withoutHidden } from "./open-document-hidden.ts";
import { findMissingResults, withSheetFacts } from "./sheets.ts";
import { withSlideFacts } from "./slides.ts";
import { toFileTitle } from "./titles.ts";
import { withStyles } from "./word-styles.ts";
import { withShownWords } from "./word-words.ts";
import { findZipProblem, PROTECTED } from "./zip-guard.ts";
import { openZip, type ZipParts } from "./zip-parts.ts";

type ZippedFormat = "docx" | "pptx" | "xlsx" | "odt" | "odp" | "ods" | "epub";

/** A loader for one of the zip-based formats. */
export function createOfficeLoader(format: ZippedFormat): Loader {
  return async function* load(bytes, file, limits): AsyncGenerator<LoadEvent> {
    const problem = findZipProblem(bytes, file, limits);
    if (problem !== undefined) {
      yield problem;
      return;
    }
    if (isLocked(openZip(bytes))) {
      yield toProblem(file.id, "encrypted", PROTECTED);
      return;
    }
    const missing = format === "xlsx" ? findMissingResults(openZip(bytes), file) : undefined;
    if (missing !== undefined) yield missing;
    const mended = MENDED_BEFORE[format]?.(bytes) ?? bytes;
    yield await loadOffice(mended, { format, mend: MENDED_AFTER[format] }, file, limits);
  };
}

/** What a parser would lose or change, mended in the file. */
const MENDED_BEFORE: Readonly<Partial<Record<ZippedFormat, (bytes: Uint8Array) => Uint8Array>>> = {
  docx: withShownWords,
  pptx: withSlideFacts,
  odt: (bytes) => withoutHidden(withPowers(bytes)),
  odp: withPowers,
  ods: withExactDates,
};

type Mend = (
  content: readonly OfficeContentNode[],
  parts: ZipParts,
) => readonly OfficeContentNode[];

/** What a parser does not look at, read beside it. */
const MENDED_AFTER: Readonly<Partial<Record<ZippedFormat, Mend>>> = {
  docx: withStyles,
  xlsx: withSheetFacts,
  odt: withLists,
  odp: withLists,
};

/** The name of a first sheet is no title. */
const NAMELESS: ReadonlySet<string> = new Set(["xlsx", "ods"]);

/** A chart is told as one of the attachments; those of a sheet show what its cells say. */
const CHARTED: ReadonlySet<string> = new Set(["docx", "pptx", "odt", "odp"]);

interface OfficeKind {
  readonly format: ZippedFormat | "rtf";
  readonly mend?: Mend | undefined;
}

/** Parses a file that was found fit for it. */
export async function loadOffice(
  bytes: Uint8Array,
  { format, mend }: OfficeKind,
  file: FileReference,
  limits: IngestLimits,
): Promise<LoadEvent> {
  const ast = await parseOffice(bytes, {
    fileType: format,
    ocr: false,
    extractAttachments: CHARTED.has(format),
    ignoreComments: true,
    ignoreHeadersAndFooters: true,
    ignoreSlideMasters: true,
    decompressionLimits: {
      maxUncompressedBytes: limits.zipBytesMax,
      maxZipEntries: limits.zipEntriesMax,
    },
  });
  const whole = withCharts(ast.content, ast.attachments);
  const content = mend === undefined ? whole : mend(whole, openZip(bytes));
  const { text, sections } = toOfficeText(content, limits);
  if (text.trim() === "") {
    const advice = "its content may be pictures: export it as text or PDF with text";
    return toProblem(file.id, "no-text", `holds no text; ${advice}`);
  }
  const { title = "", author } = ast.metadata;
  const named =
    toTitle(title, limits.titleCharsMax) || (NAMELESS.has(format) ? "" : sections[0]?.headings[0]);
  return toDocumentEvent(file, {
    title: named || toFileTitle(file.id),
    text,
    sections,
    kind: "markdown",
    metadata: author === undefined ? {} : { author: toTitle(author, limits.titleCharsMax) },
  });
}
