/** The documents of an object as it stands, page by page. */
import type { DocumentState } from "../../stores/store.ts";
import type { Objects } from "./objects.ts";

const PAGE = 2_000;

/** In the order of their ids. Throws AppError as the object does. */
export async function* listDocuments(
  objects: Objects,
  object: string,
  signal: AbortSignal,
): AsyncGenerator<DocumentState> {
  const { version } = await objects.collection(object, signal, (stub) => stub.describe());
  for (let after: string | undefined; ;) {
    const page = { limit: PAGE, ...(after === undefined ? {} : { after }) };
    const found = await objects.collection(object, signal, (s) => s.documents(version, page));
    yield* found;
    after = found.at(-1)?.id;
    if (found.length < PAGE) return;
  }
}
