/** Looks at a zip-based file before a parser unpacks it: bombs, passwords and broken files stop here. */
import { inflateRawSync } from "node:zlib";
import type { IngestLimits } from "../limits.ts";
import { type FileReference, type Problem, type ProblemCode, toProblem } from "./load-event.ts";
import { countZipEntries, findPacked, readZipDirectory, type ZipEntry } from "./zip-directory.ts";

const TOO_LARGE = "ERR_BUFFER_TOO_LARGE";
/** First bytes of the container that Office puts around encrypted and pre-2007 files. */
const COMPOUND_SIGNATURE = 0xe011cfd0;
/** Name of the stream that holds an encrypted file, in UTF-16. */
const ENCRYPTED_PACKAGE = Buffer.from("EncryptedPackage", "utf16le");

const BROKEN = "is broken or cut short; save or download it anew";
/** What is said of a file that only a password opens. */
export const PROTECTED = "is protected by a password; save it without one and ingest it again";
const LYING = "unpacks to more than it says, as a zip bomb does; save it anew from its source";
const OLD = "is in the old binary Office format; save it as DOCX, PPTX or XLSX";

/**
 * The reason not to unpack the file, or undefined. The sizes that the file declares are added up first;
 * only when they are fair is each entry unpacked once, up to its declared size, to see that they are true.
 */
export function findZipProblem(
  bytes: Uint8Array,
  file: FileReference,
  limits: IngestLimits,
): Problem | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuse = (code: ProblemCode, text: string): Problem => toProblem(file.id, code, text);
  if (bytes.length >= 4 && view.getUint32(0, true) === COMPOUND_SIGNATURE) {
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const isEncrypted = whole.includes(ENCRYPTED_PACKAGE);
    return isEncrypted ? refuse("encrypted", PROTECTED) : refuse("unsupported", OLD);
  }
  const count = countZipEntries(view) ?? 0;
  if (count > limits.zipEntriesMax) {
    const most = `more than the ${limits.zipEntriesMax} allowed; it was not unpacked`;
    return refuse("bomb", `holds ${count} files, ${most}`);
  }
  const entries = readZipDirectory(view);
  if (entries === undefined) return refuse("damaged", BROKEN);
  if (entries.some(({ isEncrypted }) => isEncrypted)) return refuse("encrypted", PROTECTED);
  const excess = describeExcess(entries, bytes.length, limits);
  if (excess !== undefined) return refuse("bomb", excess);
  const states = new Set(entries.map((entry) => checkEntry(entry, view)));
  if (states.has("lies")) return refuse("bomb", LYING);
  return states.has("broken") ? refuse("damaged", BROKEN) : undefined;
}

function describeExcess(
  entries: readonly ZipEntry[],
  packedBytes: number,
  limits: IngestLimits,
): string | undefined {
  const unpackedBytes = entries.reduce((sum, entry) => sum + entry.unpackedBytes, 0);
  const ratio = unpackedBytes / packedBytes;
  const isFair = unpackedBytes <= limits.textCharsMax || ratio <= limits.zipRatioMax;
  if (unpackedBytes <= limits.zipBytesMax && isFair) return undefined;
  const size = `${Math.ceil(unpackedBytes / 2 ** 20)} MiB (${Math.round(ratio)} times its size)`;
  return `would unpack to ${size}, as a zip bomb does; it was not unpacked. Split it if it is honest`;
}

/** Unpacks an entry up to the size that it declares. */
function checkEntry(entry: ZipEntry, view: DataView): "true" | "lies" | "broken" {
  const { isDeflated, packedBytes, unpackedBytes } = entry;
  const packed = findPacked(entry, view);
  if (packed === undefined) return "broken";
  if (!isDeflated) return packedBytes <= unpackedBytes ? "true" : "lies";
  try {
    inflateRawSync(packed, { maxOutputLength: Math.max(1, unpackedBytes) });
    return "true";
  } catch (cause) {
    const isLonger = cause instanceof RangeError && "code" in cause && cause.code === TOO_LARGE;
    return isLonger ? "lies" : "broken";
  }
}
