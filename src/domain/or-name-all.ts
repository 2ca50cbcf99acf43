/** Unknown collections, told with those that are known. */
import { AppError } from "../errors.ts";

/** What the work gives. Where it finds no such collection, the error says which there are, if that can be told. */
export async function orNameAll<T>(
  work: Promise<T>,
  list: () => Promise<readonly string[]>,
): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== "collection_not_found") throw thrown;
    const names = await list().catch(() => undefined);
    if (names === undefined) throw thrown;
    const detail = `${thrown.detail ?? "no such collection"}; there are: ${names.join(", ") || "none yet"}`;
    throw new AppError(thrown.code, { detail, cause: thrown });
  }
}
