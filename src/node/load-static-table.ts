/** Reads the bundled embedder's table from the project's own files. */

import { readFile } from "node:fs/promises";

import { parseStaticTable, type StaticTable } from "../models/static/table.ts";

const TABLE_FILE = new URL("../../data/models/static-minilm/table.bin", import.meta.url);

/** The bundled table, about 8 MB. Throws an Error that names the file when it is missing or unusable. */
export async function loadStaticTable(): Promise<StaticTable> {
  try {
    return parseStaticTable(await readFile(TABLE_FILE));
  } catch (error) {
    throw new Error(`The bundled embedding table ${TABLE_FILE.pathname} cannot be used`, {
      cause: error,
    });
  }
}
