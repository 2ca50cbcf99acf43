/** A loader for a text format: decoding and its problems are the same for all of them. */
import type { IngestLimits } from "../limits.ts";
import { decodeText } from "./decode-text.ts";
import type { FileReference, Loader, LoadEvent } from "./load-event.ts";

export type TextReader = (
  text: string,
  file: FileReference,
  limits: IngestLimits,
) => Iterable<LoadEvent>;

/** A loader that decodes the bytes and hands the text on, or says why there is none. `findEncoding`: what the file itself declares. */
export function createTextLoader(
  read: TextReader,
  findEncoding?: (bytes: Uint8Array) => string | undefined,
): Loader {
  return async function* load(bytes, file, limits) {
    const decoded = await decodeText(bytes, file, findEncoding?.(bytes));
    if (decoded.text === undefined) {
      yield decoded.problem;
      return;
    }
    yield* decoded.warnings;
    yield* read(decoded.text, file, limits);
  };
}
