/** A loader for a text format: decoding and its problems are the same for all of them. */
import type { IngestLimits } from "../limits.ts";
import { decodeText } from "./decode-text.ts";
import type { FileReference, Loader, LoadEvent } from "./load-event.ts";

export type TextReader = (
  text: string,
  file: FileReference,
  limits: IngestLimits,
) => Iterable<LoadEvent>;

export interface TextLoaderOptions {
  /** The encoding that the file itself declares. */
  readonly findEncoding?: (bytes: Uint8Array) => string | undefined;
}

/** A loader that decodes the bytes and hands the text on, or says why there is none. */
export function createTextLoader(
  read: TextReader,
  { findEncoding }: TextLoaderOptions = {},
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
