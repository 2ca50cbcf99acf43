/** The cells of a sheet's XML, of which there may be a million: no more is read of them than what they are. */

export interface SheetCell {
  /** From 0. */
  readonly row: number;
  readonly column: number;
  /** `n` is a number. */
  readonly type: string;
  /** Index of its format. */
  readonly style: number | undefined;
}

const COLUMNS_MAX = 16_384;
const ROW_OR_CELL = /<(row|c)((?:\s[^<>]*)?)>/g;

/** All cells in their order. A row or cell that does not say where it is follows the one before. */
export function* readCells(sheet: string): Generator<SheetCell> {
  let row = -1;
  let column = -1;
  for (const [, name, attributes = ""] of sheet.matchAll(ROW_OR_CELL)) {
    if (name === "row") {
      const [, number] = /\sr="(\d+)"/.exec(attributes) ?? [];
      row = number === undefined ? row + 1 : Number(number) - 1;
      column = -1;
      continue;
    }
    const [, letters] = /\sr="([A-Z]+)\d+"/.exec(attributes) ?? [];
    column = letters === undefined ? column + 1 : toColumn(letters);
    const [, type = "n"] = /\st="(\w+)"/.exec(attributes) ?? [];
    const [, style] = /\ss="(\d+)"/.exec(attributes) ?? [];
    yield { row, column, type, style: style === undefined ? undefined : Number(style) };
  }
}

/** The number of a column by its letters: `A` is 0, `AA` is 26. */
export function toColumn(letters: string): number {
  return Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

/** One number for the place of a cell in its sheet. */
export function toCellKey(row: number, column: number): number {
  return row * COLUMNS_MAX + column;
}
