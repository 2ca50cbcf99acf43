/** Notes in the margin of a PDF page, which some files draw on the height of the line that they stand beside. */
import { findBodySize, findEdge, type PdfCell, type PdfLine } from "./pdf-lines.ts";
import { isRunningText, withCells } from "./pdf-columns.ts";
import { LIST_MARK } from "./pdf-tables.ts";

/** Notes are set smaller than the text. */
const NOTE_SCALE = 0.92;
/** A word: bullets and numbers of lines stay where they are. */
const WORD = /\p{L}{2}|\p{Lo}/u;
/** Sizes this near are one. */
const SIZE_POINTS = 0.5;

/** The lines with the notes out of those of running text, behind them. A table beside small print is left as it is. */
export function liftNotes(lines: readonly PdfLine[]): readonly PdfLine[] {
  const size = findBodySize(lines);
  const isText = (cell: PdfCell): boolean => Math.abs(cell.size - size) <= SIZE_POINTS;
  const text = lines.flatMap((line) => toLines(line, isText));
  const left = text.reduce((least, line) => Math.min(least, line.left), Number.POSITIVE_INFINITY);
  const right = findEdge(text);
  const isWords = ({ text: words }: PdfCell): boolean => WORD.test(words) && !LIST_MARK.test(words);
  const isNote = (cell: PdfCell): boolean =>
    cell.size < size * NOTE_SCALE && isWords(cell) && (cell.left >= right || cell.right <= left);
  const mixed = new Set(
    lines.filter(
      ({ cells }) =>
        cells.some(isNote) &&
        cells.every((cell) => isNote(cell) || isText(cell)) &&
        cells.some(isText),
    ),
  );
  if (mixed.size === 0 || !isRunningText(text)) return lines;
  const notes = [...mixed].flatMap((line) => toLines(line, isNote));
  return [...lines.flatMap((line) => (mixed.has(line) ? toLines(line, isText) : [line])), ...notes];
}

/** The line with these of its cells; none where it has none. */
function toLines(line: PdfLine, isSo: (cell: PdfCell) => boolean): readonly PdfLine[] {
  const whole = withCells(line, line.cells.filter(isSo));
  return whole === undefined ? [] : [whole];
}
