/** The documents of all objects of a collection as they stand, page by page. */
import { toAppError } from "../../errors.ts";
import type { DocumentState } from "../../stores/store.ts";
import type { Objects } from "./objects.ts";
import { toObjects } from "./parts.ts";

const PAGE = 2_000;

/** Object by object, in the order of their ids; one that is empty by now has none. Throws AppError as an object does. */
export async function* listDocuments(
  objects: Objects,
  object: string,
  signal: AbortSignal,
): AsyncGenerator<DocumentState> {
  for (const name of toObjects(object)) {
    const version = await findVersion(objects, name, signal);
    if (version === undefined) continue;
    for (let after: string | undefined; ;) {
      const page = { limit: PAGE, ...(after === undefined ? {} : { after }) };
      const found = await objects.collection(name, signal, (s) => s.documents(version, page));
      yield* found;
      after = found.at(-1)?.id;
      if (found.length < PAGE) break;
    }
  }
}

async function findVersion(
  objects: Objects,
  name: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    return (await objects.collection(name, signal, (stub) => stub.describe())).version;
  } catch (thrown) {
    if (toAppError(thrown).code === "collection_not_found") return undefined;
    throw thrown;
  }
}
