/** SHA-256 of a text in hexadecimal, and digests compared without telling by the time where they differ. */
import { toHex } from "./hex.ts";

/** Of all of the text, as UTF-8: 64 digits. */
export async function toSha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** Compares to the last digit of `right`, whatever comes before. */
export function isSameDigest(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let at = 0; at < right.length; at += 1) {
    difference |= left.charCodeAt(at) ^ right.charCodeAt(at);
  }
  return difference === 0;
}
