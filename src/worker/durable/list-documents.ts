/** The documents of one object of a collection as they stand, page by page. */
import { ifThere } from "../../stores/check.ts";
import type { DocumentState } from "../../stores/store.ts";
import type { Objects } from "./objects.ts";

const PAGE = 2_000;

/** In the order of their ids; an object that is empty by now has none. Throws AppError as an object does. */
export async function* listDocuments(
  objects: Objects,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<DocumentState> {
  const held = await ifThere(objects.collection(name, signal, (stub) => stub.describe()));
  if (held === undefined) return;
  const { version } = held;
  for (let after: string | undefined; ;) {
    const page = { limit: PAGE, ...(after === undefined ? {} : { after }) };
    const found = await objects.collection(name, signal, (s) => s.documents(version, page));
    yield* found;
    after = found.at(-1)?.id;
    if (found.length < PAGE) return;
  }
}
