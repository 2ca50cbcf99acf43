/** Columns of text on a PDF page, read one after the other where the file draws them line by line. */
import { findEdge, type PdfCell, type PdfLine } from "./pdf-lines.ts";

/** A column has at least this many lines. */
const LINES_MIN = 4;
/** Lines that begin this many points off each other begin at one edge. */
const FLUSH_POINTS = 3;
/** A gap above this many font sizes parts what stands apart from the columns, as a page number does. */
const APART_GAP = 2.5;
/** A line this share of its column wide fills it, and in running text this share of the lines do. */
const FULL_SHARE = 0.75;
const FULL_LINES_SHARE = 0.5;
/** This share of the lines go on with the sentence of the line before, where the script tells that by its case. */
const GOING_ON_SHARE = 0.3;
/** Half of the lines of running text are at least this long; where they are of so many words, they need not go on. */
const CHARS_MIN = 10;
const WORDS_MIN = 6;
/** Columns that are drawn across change twice a line of the shorter one; cells of several lines, less often. */
const CHANGES_PER_LINE = 1.2;
/** Edges of a page that are looked at, and columns beside each other. */
const EDGES_MAX = 8;
const DEPTH_MAX = 4;
const RIGHT_TO_LEFT = /[\u0590-\u08ff]/u;

/** What of a line stands on one side of a gutter. */
interface Part {
  readonly line: PdfLine;
  /** The line as it was drawn. */
  readonly drawn: PdfLine;
}

/** Two columns with nothing across the gutter between them, each in the order in which it is drawn. */
interface Spread {
  readonly left: readonly Part[];
  readonly right: readonly Part[];
}

/**
 * The lines of a page in reading order. A file draws its words in some order, which is believed, but for columns of
 * running text that it draws across: those are read from top to bottom, one after the other. What spans them, such
 * as a title, ends them, and they begin anew below it. The columns of a table are none: their cells are short, or do
 * not go on from line to line. The lines of a column know where it ends.
 */
export function readColumns(lines: readonly PdfLine[], depth = 0): readonly PdfLine[] {
  const inPlaceOf = new Map<PdfLine, readonly PdfLine[]>();
  for (const spread of depth < DEPTH_MAX ? findSpreads(lines) : []) {
    const parts = new Set([...spread.left, ...spread.right].map(({ drawn }) => drawn));
    const drawn = lines.filter((line) => parts.has(line));
    const sides = toReadingOrder(spread, drawn);
    if (sides === undefined) continue;
    const read = sides.flatMap((side) => readColumns(toColumn(side), depth + 1));
    for (const [at, line] of drawn.entries()) inPlaceOf.set(line, at === 0 ? read : []);
  }
  return lines.flatMap((line) => inPlaceOf.get(line) ?? [line]);
}

function toLines(parts: readonly Part[]): readonly PdfLine[] {
  return parts.map(({ line }) => line);
}

function toColumn(parts: readonly Part[]): readonly PdfLine[] {
  const edge = findEdge(parts.map(({ line }) => line));
  return parts.map(({ line }) => ({ ...line, edge }));
}

/** The column to read first comes first; undefined: they are drawn in turns, as rows of cells of several lines are. */
function toReadingOrder(
  { left, right }: Spread,
  drawn: readonly PdfLine[],
): readonly (readonly Part[])[] | undefined {
  const onLeft = new Set(left.map((part) => part.drawn));
  const onRight = new Set(right.map((part) => part.drawn));
  const sides = drawn.flatMap((line) => [
    ...(onLeft.has(line) ? ["left"] : []),
    ...(onRight.has(line) ? ["right"] : []),
  ]);
  const changes = sides.filter((side, at) => at > 0 && side !== sides[at - 1]).length;
  if (changes === 1) return sides[0] === "left" ? [left, right] : [right, left];
  if (changes < CHANGES_PER_LINE * Math.min(left.length, right.length)) return undefined;
  const turned = drawn.filter(({ text }) => RIGHT_TO_LEFT.test(text)).length;
  return turned > drawn.length / 2 ? [right, left] : [left, right];
}

/** The columns beside each other that take up most of the page. */
function findSpreads(lines: readonly PdfLine[]): readonly Spread[] {
  const byPlace = lines.toSorted((one, other) => other.y - one.y);
  let best: readonly Spread[] = [];
  let most = 0;
  for (const edge of findEdges(lines)) {
    const spreads = cutBands(byPlace, edge)
      .map((band) => toSpread(lines, band, edge))
      .filter(({ left, right }) => [left, right].every((side) => isRunningText(toLines(side))));
    const count = spreads.reduce((sum, { left, right }) => sum + left.length + right.length, 0);
    if (count > most) [best, most] = [spreads, count];
  }
  return best;
}

/** Where many lines or parts of lines begin, but for the first such place from the left: a gutter lies before it. */
function findEdges(lines: readonly PdfLine[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const { left } of lines.flatMap(({ cells }) => cells)) {
    const place = Math.round(left / FLUSH_POINTS) * FLUSH_POINTS;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count >= LINES_MIN / 2)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, EDGES_MAX)
    .map(([place]) => place - FLUSH_POINTS / 2);
}

type Side = "left" | "right" | "across";

function toSide({ left, right }: PdfCell, edge: number): Side {
  if (right <= edge) return "left";
  return left >= edge ? "right" : "across";
}

/** From the top down, the lines between those that stand across the edge; what is apart from the rest at their ends is left out. */
function cutBands(byPlace: readonly PdfLine[], edge: number): readonly (readonly PdfLine[])[] {
  const bands: PdfLine[][] = [[]];
  for (const line of byPlace) {
    if (line.cells.some((cell) => toSide(cell, edge) === "across")) bands.push([]);
    else bands.at(-1)?.push(line);
  }
  return bands.map(trimBand);
}

function trimBand(band: readonly PdfLine[]): readonly PdfLine[] {
  const isApart = (line: PdfLine, at: number): boolean => {
    const before = band[at - 1];
    return before !== undefined && before.y - line.y > line.size * APART_GAP;
  };
  const cuts = [0, ...band.keys().filter((at) => isApart(band[at] as PdfLine, at)), band.length];
  const start = cuts.findLast((cut) => cut < LINES_MIN) ?? 0;
  const end = cuts.find((cut) => cut > band.length - LINES_MIN) ?? band.length;
  return band.slice(start, Math.max(start, end));
}

function toSpread(lines: readonly PdfLine[], band: readonly PdfLine[], edge: number): Spread {
  const inBand = new Set(band);
  const own = lines.filter((line) => inBand.has(line));
  return { left: toParts(own, edge, "left"), right: toParts(own, edge, "right") };
}

function toParts(lines: readonly PdfLine[], edge: number, side: Side): readonly Part[] {
  return lines.flatMap((drawn) => {
    const line = withCells(
      drawn,
      drawn.cells.filter((cell) => toSide(cell, edge) === side),
    );
    return line === undefined ? [] : [{ line, drawn }];
  });
}

/** The line with these of its cells only; undefined where there are none. */
export function withCells(line: PdfLine, cells: readonly PdfCell[]): PdfLine | undefined {
  const [first, last] = [cells[0], cells.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  if (cells.length === line.cells.length) return line;
  const text = cells.map((cell) => cell.text).join(" ");
  const size = Math.max(...cells.map((cell) => cell.size));
  return { ...line, text, size, cells, left: first.left, right: last.right };
}

/** Lines that fill their column, and go on with each other's sentences or are long. */
export function isRunningText(lines: readonly PdfLine[]): boolean {
  if (lines.length < LINES_MIN) return false;
  const left = lines.reduce((least, line) => Math.min(least, line.left), Number.POSITIVE_INFINITY);
  const full = left + (findEdge(lines) - left) * FULL_SHARE;
  if (shareOf(lines, ({ right }) => right >= full) < FULL_LINES_SHARE) return false;
  if (shareOf(lines, ({ text }) => text.length >= CHARS_MIN) < 0.5) return false;
  if (shareOf(lines, ({ text }) => /^\p{Ll}/u.test(text)) >= GOING_ON_SHARE) return true;
  const isLong = ({ text }: PdfLine): boolean =>
    /^\P{L}*\p{Lo}/u.test(text) || text.split(" ").length >= WORDS_MIN;
  return shareOf(lines, isLong) > 0.5;
}

/** The share of the lines for which it is so. */
function shareOf(lines: readonly PdfLine[], isSo: (line: PdfLine) => boolean): number {
  return lines.filter(isSo).length / lines.length;
}
