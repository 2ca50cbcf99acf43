/** What an API key is: how it looks, how one is made, and the digest that is kept of it. */
import { toSha256 } from "../text/digest.ts";
import { toHex } from "../text/hex.ts";

const PREFIX = "trib_";
/** 256 random bits cannot be guessed, so a plain SHA-256 is enough; slow hashes are for passwords, which can be. */
const SECRET_BYTES = 32;
const FORM = /^trib_([0-9a-f]{64})([0-9a-f]{8})$/;
/** More than this of a credential is not looked at; no key is as long. */
const CREDENTIAL_CHARS_MAX = 256;
const CRC_POLYNOMIAL = 0xed_b8_83_20;

/** A new key: `trib_`, 64 hexadecimal digits by chance, and 8 that check them. */
export function createKey(): string {
  const secret = toHex(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
  return `${PREFIX}${secret}${toCheck(secret)}`;
}

/** Whether it can be a key at all: one that was cut or mistyped cannot. Says nothing of who knows it. */
export function isWellFormed(credential: string): boolean {
  const [, secret, check] = FORM.exec(credential) ?? [];
  return secret !== undefined && check === toCheck(secret);
}

/** SHA-256 in hexadecimal: what is kept in place of the key. */
export async function toDigest(credential: string): Promise<string> {
  return toSha256(credential.slice(0, CREDENTIAL_CHARS_MAX));
}

/** CRC-32 (IEEE 802.3) in 8 hexadecimal digits. */
function toCheck(text: string): string {
  let crc = 0xff_ff_ff_ff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
  }
  return ((crc ^ 0xff_ff_ff_ff) >>> 0).toString(16).padStart(8, "0");
}
