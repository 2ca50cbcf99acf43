/** Port: a text as bytes that are kept for long and seldom read. */
export interface TextPacker {
  /** As bytes with a buffer of their own, so that their length is all that they hold. */
  pack(text: string): Uint8Array;
  unpack(bytes: Uint8Array): string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** UTF-8 as it is, where nothing is at hand that compresses without being waited for. */
export const plainPacker: TextPacker = {
  pack: (text) => encoder.encode(text),
  unpack: (bytes) => decoder.decode(bytes),
};
