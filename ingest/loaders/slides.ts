/** Slides as they are read: without the number and the foot of each, and with merged cells in each place they span. */
import { openZip } from "./zip-parts.ts";
import { replaceParts } from "./zip-replace.ts";

const PART = /^ppt\/(?:slides\/slide|notesSlides\/notesSlide)\d+\.xml$/;
const SHAPE_START = /(?=<p:sp[ >])/;
const SHAPE_END = "</p:sp>";
/** Number, foot, date and head: they are the same on every slide, or said by its place. */
const AROUND = /<p:ph\s[^<>]{0,200}?\btype="(?:sldNum|ftr|dt|hdr)"/;
const TABLE_START = "<a:tbl>";
const TABLE_END = "</a:tbl>";
const ROW_START = /(?=<a:tr[ >])/;
const CELL_START = /(?=<a:tc[ >])/;
const MERGED = /^<a:tc\s[^<>]{0,200}?\b([vh])Merge="(?:1|true)"/;
const WORDS_START = "<a:txBody>";
const WORDS_END = "</a:txBody>";
/** A merged cell with more than this stands in one place only: repeating it would swell the document. */
const REPEATED_XML_CHARS_MAX = 3_000;
const COPIED_CHARS_MAX = 1_000_000;

/** The file with its slides and notes mended; the same bytes where nothing is to be mended. */
export function withSlideFacts(bytes: Uint8Array): Uint8Array {
  const parts = openZip(bytes);
  const mended = new Map<string, string>();
  for (const name of parts.names.filter((part) => PART.test(part))) {
    const xml = parts.read(name) ?? "";
    const read = withMergedCells(withoutAround(xml));
    if (read !== xml) mended.set(name, read);
  }
  return mended.size === 0 ? bytes : replaceParts(bytes, mended);
}

function withoutAround(xml: string): string {
  if (!AROUND.test(xml)) return xml;
  const shapes = xml.split(SHAPE_START).map((piece) => {
    const end = piece.indexOf(SHAPE_END);
    if (end === -1 || !AROUND.test(piece.slice(0, end))) return piece;
    return piece.slice(end + SHAPE_END.length);
  });
  return shapes.join("");
}

function withMergedCells(xml: string): string {
  let left = COPIED_CHARS_MAX;
  const [before = "", ...tables] = xml.split(TABLE_START);
  const mended = tables.map((piece) => {
    const end = piece.indexOf(TABLE_END);
    if (end === -1) return piece;
    let above: readonly string[] = [];
    const rows = piece.slice(0, end).split(ROW_START);
    const written = rows.map((row) => {
      const [start = "", ...cells] = row.split(CELL_START);
      const words: string[] = [];
      for (const [column, cell] of cells.entries()) {
        const [, way] = MERGED.exec(cell) ?? [];
        const own = cell.slice(...findWords(cell));
        const spanned = way === "v" ? above[column] : words[column - 1];
        const isCopied = way !== undefined && spanned !== undefined && spanned.length <= left;
        words.push(isCopied && spanned.length <= REPEATED_XML_CHARS_MAX ? spanned : own);
        if (isCopied) left -= spanned.length;
      }
      above = words;
      return start + cells.map((cell, column) => withWords(cell, words[column] ?? "")).join("");
    });
    return written.join("") + piece.slice(end);
  });
  return [before, ...mended].join(TABLE_START);
}

function withWords(cell: string, words: string): string {
  const [start, end] = findWords(cell);
  return start === end ? cell : cell.slice(0, start) + words + cell.slice(end);
}

/** From where to where a cell has its words; a pattern would look for the end from each start anew. */
function findWords(cell: string): readonly [number, number] {
  const start = cell.indexOf(WORDS_START);
  const end = cell.lastIndexOf(WORDS_END);
  return start === -1 || end < start ? [cell.length, cell.length] : [start, end + WORDS_END.length];
}
