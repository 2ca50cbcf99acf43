/** Drops a table that may not be there. */
import type { LanceBase } from "./base.ts";
import { isMissing } from "./store-error.ts";

/** Throws native errors; the caller maps them. */
export async function dropTable({ connection }: LanceBase, name: string): Promise<void> {
  try {
    await connection.dropTable(name);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
}
