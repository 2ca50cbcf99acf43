/** Bytes to text: UTF-8 with or without BOM, UTF-16, else a declared or the likeliest legacy encoding, and a clear no to binaries. */
import { type FileReference, type Problem, toProblem } from "./load-event.ts";

export type Decoded =
  | { readonly text: string; readonly warnings: readonly Problem[] }
  | { readonly text?: never; readonly problem: Problem };

/** Bytes looked at to tell text from binary and to guess an encoding. */
const SAMPLE_BYTES = 64 * 1024;
/** More control characters than this share of a sample mean a binary. */
const CONTROL_SHARE_MAX = 0.01;

/**
 * Decodes a text file. Line ends stay as they are; the BOM goes (offsets count from behind it);
 * a stray NUL becomes U+FFFD. Hidden characters are the loaders' affair. `declared` is what the file says of its
 * own encoding; it is believed of bytes that are no Unicode, where every one of them is a letter in it.
 */
export async function decodeText(
  bytes: Uint8Array,
  file: FileReference,
  declared?: string,
): Promise<Decoded> {
  const utf16 = findUtf16(bytes);
  if (utf16 !== undefined) return finish(new TextDecoder(utf16).decode(bytes), file);
  if (isBinary(bytes)) return { problem: await toBinaryProblem(bytes, file) };
  try {
    return finish(new TextDecoder("utf-8", { fatal: true }).decode(bytes), file);
  } catch {
    return decodeLegacy(bytes, file, declared); // not UTF-8: an expected outcome, not a failure
  }
}

function finish(decoded: string, file: FileReference, guessed?: string): Decoded {
  const text = decoded.replaceAll("\0", "\uFFFD");
  if (text.trim() === "") {
    // No fault of the file: it was read, and means as little as one without bytes.
    const text = "holds no text; there is nothing to load";
    return { problem: toProblem(file.id, "empty", text, { severity: "warning" }) };
  }
  if (guessed === undefined) return { text, warnings: [] };
  const message = `is not UTF-8 and was read as ${guessed}; save it as UTF-8 if letters look wrong`;
  return {
    text,
    warnings: [toProblem(file.id, "encoding-guessed", message, { severity: "warning" })],
  };
}

/** UTF-16 by its BOM, or by NULs in every other byte as Latin scripts have them. */
function findUtf16(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes.length % 2 !== 0) return undefined;
  const half = Math.min(bytes.length, SAMPLE_BYTES) / 2;
  const [even, odd] = [countNuls(bytes, 0), countNuls(bytes, 1)];
  if (odd > half * 0.4 && even < half * 0.01) return "utf-16le";
  return even > half * 0.4 && odd < half * 0.01 ? "utf-16be" : undefined;
}

/** NULs at even (0) or odd (1) places of the sample. */
function countNuls(bytes: Uint8Array, first: number): number {
  let nuls = 0;
  for (let at = first; at < Math.min(bytes.length, SAMPLE_BYTES); at += 2) {
    if (bytes[at] === 0) nuls += 1;
  }
  return nuls;
}

function isBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  if (isPdf(sample)) return true;
  let controls = 0;
  for (const byte of sample.subarray(0, 8_000)) if (byte === 0) return true;
  for (const byte of sample)
    if (byte < 32 && !(byte >= 7 && byte <= 13) && byte !== 27) controls += 1;
  return controls > sample.length * CONTROL_SHARE_MAX;
}

function isPdf(sample: Uint8Array): boolean {
  return String.fromCharCode(...sample.subarray(0, 5)) === "%PDF-";
}

async function toBinaryProblem(bytes: Uint8Array, file: FileReference): Promise<Problem> {
  const { fileTypeFromBuffer } = await import("file-type"); // rarely needed
  const type = await fileTypeFromBuffer(bytes.subarray(0, SAMPLE_BYTES)).catch(() => undefined);
  const what =
    type === undefined ? "binary data" : `a ${type.ext.toUpperCase()} file by its content`;
  const advice = "give it its true extension, or leave it out";
  return toProblem(file.id, "binary", `is ${what}, not text; ${advice}`);
}

/** Neither UTF-8 nor UTF-16. A file of nearly valid UTF-8 keeps its good parts, with U+FFFD for the bad ones. */
async function decodeLegacy(
  bytes: Uint8Array,
  file: FileReference,
  declared: string | undefined,
): Promise<Decoded> {
  const lenient = new TextDecoder().decode(bytes);
  const bad = lenient.match(/\uFFFD/g)?.length ?? 0;
  const good = (lenient.match(/[^\0-\x7F]/g)?.length ?? 0) - bad;
  if (good > bad * 4) return finish(lenient, file, `UTF-8 with ${bad} broken characters replaced`);
  const asDeclared = declared === undefined ? undefined : decodeAs(declared, bytes);
  if (asDeclared !== undefined) return finish(asDeclared, file);
  for (const name of await guessEncodings(toTellingSample(bytes))) {
    const decoder = createDecoder(name);
    if (decoder === undefined) continue;
    const text = decoder.decode(bytes);
    if (!isGarbled(text)) return finish(text, file, name);
  }
  const advice = "save it as UTF-8 and try again";
  return {
    problem: toProblem(file.id, "undecodable", `is text in an unknown encoding; ${advice}`),
  };
}

/** Undefined where the bytes are not what is declared. That they are no Unicode is known by now. */
function decodeAs(declared: string, bytes: Uint8Array): string | undefined {
  const decoder = createDecoder(declared);
  if (decoder === undefined || decoder.encoding.startsWith("utf")) return undefined;
  const text = decoder.decode(bytes);
  return /[\uFFFD\u0080-\u009F]/.test(text) ? undefined : text;
}

/** The part around the first byte that is not ASCII: a sample of plain ASCII would say nothing. */
function toTellingSample(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte > 127);
  const start = Math.max(0, first - SAMPLE_BYTES / 2);
  return bytes.subarray(start, start + SAMPLE_BYTES);
}

/** Encodings of one byte a letter. */
const ONE_BYTE = /^(?:iso-8859|windows-125|koi8)/i;
const GUESSES_MAX = 3;
/** Of a word or two nothing is guessed; most such files are of Windows. */
const LAST_GUESS = "windows-1252";

/** The likeliest first. Markup and a short text mislead: letters are weighed without the ASCII around them. */
async function guessEncodings(sample: Uint8Array): Promise<readonly string[]> {
  const { analyse } = await import("chardet"); // rarely needed
  const all = analyse(sample).map(({ name }) => name);
  const text = Buffer.from(sample).toString("latin1");
  // Split, not matched: a long row of ASCII letters would be gone through from each of them anew.
  const words = text.split(/[^A-Za-z\x80-\xFF]+/).filter((word) => /[\x80-\xFF]/.test(word));
  const ofWords = analyse(Buffer.from(words.join(" "), "latin1")).map(({ name }) => name);
  const oneByte = [...ofWords, ...all].filter((name) => ONE_BYTE.test(name));
  // Where letters take two bytes, few of these stand alone.
  const foreign = text.match(/[\x80-\xFF]/g)?.length ?? 0;
  const alone = text.match(/(?<![\x80-\xFF])[\x80-\xFF](?![\x80-\xFF])/g)?.length ?? 0;
  const isOneByte = ONE_BYTE.test(all[0] ?? "") || alone > foreign / 2;
  return isOneByte
    ? [...oneByte.slice(0, GUESSES_MAX), LAST_GUESS]
    : [...all.slice(0, GUESSES_MAX), ...oneByte];
}

function createDecoder(name: string): TextDecoder | undefined {
  try {
    return new TextDecoder(name);
  } catch {
    return undefined; // an encoding the runtime does not know
  }
}

function isGarbled(text: string): boolean {
  const sample = text.slice(0, SAMPLE_BYTES);
  const bad = sample.match(/[\uFFFD\u0080-\u009F]/g)?.length ?? 0;
  // Hardly a text is written in them: they are letters of another script, each taken for one.
  const halfWidth = sample.match(/[\uFF61-\uFF9F]/g)?.length ?? 0;
  const foreign = sample.match(/[^\0-\x7F]/g)?.length ?? 0;
  return bad > 1 + sample.length * CONTROL_SHARE_MAX || halfWidth > foreign / 2;
}
