/** The bundled embedder's table as a Worker reads it. */
import { expect, test } from "vitest";
import { loadStaticTable } from "../../src/worker/load-table.ts";

test("files that cannot be reached now are no fault of the settings", async () => {
  const fetch = () => Promise.reject(new Error("Network connection lost."));
  await expect(loadStaticTable({ fetch })).rejects.toMatchObject({
    code: "store_unavailable",
    detail: expect.stringContaining("ASSETS") as string,
  });
});
