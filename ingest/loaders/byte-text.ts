/** Bytes as text and back, whatever they encode: every byte is the character of its number. */

export function toByteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

export function fromByteText(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
