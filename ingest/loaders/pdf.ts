/** PDF: the text of each page in paragraphs, headings by their size, pages as sections. */
import { getDocumentProxy } from "unpdf";
import type { Section } from "../document.ts";
import type { IngestLimits } from "../limits.ts";
import { toTitle } from "./hidden-text.ts";
import {
  type FileReference,
  type LoadEvent,
  type Problem,
  toDocumentEvent,
  toProblem,
} from "./load-event.ts";
import { readColumns } from "./pdf-columns.ts";
import {
  findBodySize,
  findEdge,
  type PdfItem,
  type PdfLine,
  type PdfParagraph,
  toLines,
  toParagraphs,
} from "./pdf-lines.ts";
import { liftNotes } from "./pdf-margins.ts";
import { dropRunningLines, type PdfPage } from "./pdf-running-lines.ts";
import { findTables } from "./pdf-tables.ts";
import { toFileTitle } from "./titles.ts";

/** Between paragraphs. */
const GAP = "\n\n";

/** A page with more lines is a drawing: no columns and tables are looked for on it. */
const LAID_OUT_MAX = 1_000;

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

/** One prose document; a page without text is left out with a warning, a file without any is a problem. */
export async function* loadPdf(
  bytes: Uint8Array,
  file: FileReference,
  limits: IngestLimits,
): AsyncGenerator<LoadEvent> {
  let pdf: PdfDocument;
  try {
    pdf = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
  } catch (cause) {
    yield toOpenProblem(cause, file);
    return;
  }
  try {
    if (pdf.numPages > limits.pagesMax) {
      const text = `has more than ${limits.pagesMax} pages; split it`;
      yield toProblem(file.id, "too-large", text);
      return;
    }
    const { pages, problems } = await readPages(pdf, file, limits);
    yield* problems;
    const { text, sections } = toText(pages, limits.titleCharsMax);
    if (text === "") {
      if (problems.length > 0) return;
      const advice = "it may be scanned: run text recognition (OCR) on it and ingest the result";
      yield toProblem(file.id, "no-text", `holds no text; ${advice}`);
      return;
    }
    const empty = pages.filter(({ lines }) => lines.length === 0).map(({ number }) => number);
    if (empty.length > 0) yield toEmptyPagesProblem(empty, file);
    const title =
      (await readTitle(pdf, limits)) || findTitle(pages, limits) || toFileTitle(file.id);
    yield toDocumentEvent(file, { title, text, sections, kind: "prose" });
  } finally {
    await pdf.loadingTask.destroy();
  }
}

async function readPages(
  pdf: PdfDocument,
  file: FileReference,
  limits: IngestLimits,
): Promise<{ pages: readonly PdfPage[]; problems: readonly Problem[] }> {
  const pages: PdfPage[] = [];
  const problems: Problem[] = [];
  let chars = 0;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    try {
      const page = await pdf.getPage(number);
      const { items } = await page.getTextContent();
      page.cleanup();
      const lines = toLines(items.filter((item): item is PdfItem & typeof item => "str" in item));
      chars += lines.reduce((sum, line) => sum + line.text.length, 0);
      const [, bottom = 0, , top = 0] = page.view;
      pages.push({ number, lines, bottom, top });
    } catch (cause) {
      const text = `page ${number} is damaged and was left out; save the file anew from its source`;
      problems.push(toProblem(file.id, "damaged", text, { cause }));
    }
    if (chars > limits.textCharsMax || problems.length >= limits.problemsMax) break;
  }
  return { pages: dropRunningLines(pages).map(toReadingOrder), problems };
}

function toReadingOrder(page: PdfPage): PdfPage {
  return page.lines.length > LAID_OUT_MAX
    ? page
    : { ...page, lines: readColumns(liftNotes(page.lines)) };
}

/** Pages as text: sections begin at pages and at headings, each with the heading it stands under. */
function toText(
  pages: readonly PdfPage[],
  titleCharsMax: number,
): { readonly text: string; readonly sections: readonly Section[] } {
  const bodySize = findBodySize(pages.flatMap(({ lines }) => lines));
  const parts: string[] = [];
  const sections: Section[] = [];
  let length = 0;
  let headings: readonly { readonly size: number; readonly title: string }[] = [];
  for (const { number, lines } of pages) {
    let pageSeen = false;
    for (const { text, size, isHeading } of toBlocks(lines, bodySize)) {
      if (length > 0) {
        parts.push(GAP);
        length += GAP.length;
      }
      if (isHeading) {
        const outer = headings.filter((heading) => heading.size > size + 0.1);
        headings = [...outer, { size, title: toTitle(text, titleCharsMax) }];
      }
      if (isHeading || !pageSeen) {
        const titles = headings.map(({ title }) => title);
        sections.push({ start: length, headings: titles, page: number });
      }
      pageSeen = true;
      parts.push(text);
      length += text.length;
    }
  }
  return { text: parts.join(""), sections };
}

/** Tables as they are, all else in paragraphs. */
function toBlocks(lines: readonly PdfLine[], bodySize: number): readonly PdfParagraph[] {
  const edge = findEdge(lines);
  const stretches = lines.length > LAID_OUT_MAX ? [{ lines }] : findTables(lines);
  return stretches.flatMap((stretch) =>
    "table" in stretch
      ? [{ text: stretch.table, size: stretch.size, isHeading: false }]
      : toParagraphs(stretch.lines, bodySize, edge),
  );
}

async function readTitle(pdf: PdfDocument, limits: IngestLimits): Promise<string> {
  const info = await pdf.getMetadata().catch(() => undefined); // a title is not worth the document
  const title = (info?.info as Readonly<Record<string, unknown>> | undefined)?.["Title"];
  const line = typeof title === "string" ? toTitle(title, limits.titleCharsMax) : "";
  // Word processors leave their file names there, and generators a word for none.
  return /^(\(?(?:untitled|anonymous|unspecified)\)?|microsoft word - .*|.*\.(docx?|pptx?|xlsx?|tex|dvi|indd|pdf))$/i.test(
    line,
  )
    ? ""
    : line;
}

/** An initial, a number or an ornament is no title. */
const WORD = /\p{L}{2}|\p{Lo}/u;

/** The largest line of the first page, when it is larger than the rest. */
function findTitle(pages: readonly PdfPage[], limits: IngestLimits): string {
  const lines = pages[0]?.lines ?? [];
  const bodySize = findBodySize(pages.flatMap((page) => page.lines));
  const headings = toParagraphs(lines, bodySize).filter(
    ({ text, isHeading }) => isHeading && WORD.test(text),
  );
  const size = headings.reduce((largest, heading) => Math.max(largest, heading.size), 0);
  const title = headings.find((heading) => heading.size === size)?.text ?? "";
  return toTitle(title, limits.titleCharsMax);
}

/** Ranges of pages that a message names; the rest are counted. */
const RANGES_MAX = 10;

/** Pages that are blank, or pictures of text. */
function toEmptyPagesProblem(numbers: readonly number[], file: FileReference): Problem {
  const ranges: { readonly first: number; last: number }[] = [];
  for (const number of numbers) {
    const open = ranges.at(-1);
    if (open?.last === number - 1) open.last = number;
    else ranges.push({ first: number, last: number });
  }
  const named = ranges
    .slice(0, RANGES_MAX)
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
  const more = ranges.length > RANGES_MAX ? " and others" : "";
  const where = `${named.join(", ")}${more}`;
  const start = numbers.length === 1 ? `page ${where} holds` : `pages ${where} hold`;
  const advice = "if scanned, run text recognition (OCR) on the file and ingest the result";
  return toProblem(file.id, "no-text", `${start} no text; ${advice}`, { severity: "warning" });
}

function toOpenProblem(cause: unknown, file: FileReference): Problem {
  const name = cause instanceof Error ? cause.name : "";
  if (name === "PasswordException") {
    const text = "is protected by a password; save it without one and ingest it again";
    return toProblem(file.id, "encrypted", text, { cause });
  }
  const text = "is not a readable PDF (broken or cut short); save or download it anew";
  return toProblem(file.id, "damaged", text, { cause });
}
