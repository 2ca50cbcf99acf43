/** Texts compressed by Zstandard: a run's record takes about a third, for a tenth of a millisecond. */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { TextPacker } from "../../http/runs/text-packer.ts";

/** Higher levels take more time for hardly fewer bytes. */
const params = { [constants.ZSTD_c_compressionLevel]: 1 };
/** Most records fit; what is larger is put together from several. */
const CHUNK_BYTES = 16 * 1_024;

/** Not in the thread pool: handing it over takes longer than the work. */
export const zstdPacker: TextPacker = {
  // What zlib returns is the beginning of a whole chunk, which would be kept with it.
  pack: (text) => new Uint8Array(zstdCompressSync(text, { params, chunkSize: CHUNK_BYTES })),
  unpack: (bytes) => zstdDecompressSync(bytes).toString(),
};
