/** Reads the bundled embedder's table from the project's own files. */
import { readFile } from "node:fs/promises";
import { AppError } from "../../errors.ts";
import { parseStaticTable, type StaticTable } from "../../models/static/table.ts";

const TABLE_FILE = new URL("../../../data/models/static-minilm/table.bin", import.meta.url);

/** The bundled table, about 8 MB. Throws AppError store_unavailable when it is missing or unusable. */
export async function loadStaticTable(): Promise<StaticTable> {
  try {
    return parseStaticTable(await readFile(TABLE_FILE));
  } catch (thrown) {
    throw new AppError("store_unavailable", {
      detail:
        "the bundled embedding table in data/models is missing or damaged; restore it from the project",
      cause: thrown,
    });
  }
}
