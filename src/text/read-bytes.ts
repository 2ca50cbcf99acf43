/** Pieces of bytes as one. */

/** The pieces one after the other; `bytes` is how many they are. */
export function joinBytes(pieces: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** All of a body; null has none. Throws what `toTooLong` makes when there is more, and leaves the rest unread. */
export async function readBytes(
  body: AsyncIterable<Uint8Array> | null,
  bytesMax: number,
  toTooLong: () => Error,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > bytesMax) throw toTooLong();
    pieces.push(piece);
  }
  return joinBytes(pieces, bytes);
}
