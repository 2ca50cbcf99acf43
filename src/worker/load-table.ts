/** Reads the bundled embedder's table from the files deployed beside the Worker. */
import { AppError } from "../errors.ts";
import { parseStaticTable, type StaticTable } from "../models/static/table.ts";
import type { Assets } from "./bindings.ts";
import { misconfigured } from "./misconfigured.ts";

/** Assets have paths and no host; the address only has to be one. */
const TABLE = "https://assets.invalid/models/static-minilm/table.bin";

/** The table, about 8 MB. Throws AppError: misconfigured when it was not deployed or is damaged, store_unavailable. */
export async function loadStaticTable(assets: Assets): Promise<StaticTable> {
  const response = await fetchTable(assets);
  if (!response.ok) {
    await response.body?.cancel();
    throw misconfigured("the files behind ASSETS lack models/static-minilm/table.bin; deploy data");
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  try {
    return parseStaticTable(bytes);
  } catch (thrown) {
    throw misconfigured(
      "models/static-minilm/table.bin behind ASSETS is damaged; deploy data",
      thrown,
    );
  }
}

async function fetchTable(assets: Assets): Promise<Response> {
  try {
    return await assets.fetch(TABLE);
  } catch (thrown) {
    throw new AppError("store_unavailable", {
      detail: "the embedding table cannot be read from ASSETS",
      cause: thrown,
    });
  }
}
