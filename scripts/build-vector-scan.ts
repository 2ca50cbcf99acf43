/** Assembles the vector kernel from its text beside it: `node scripts/build-vector-scan.ts`. */
import { readFile, writeFile } from "node:fs/promises";
import initWabt from "wabt";

const TEXT = new URL("../src/node/lance/vector-scan.wat", import.meta.url);
const BINARY = new URL("../src/node/lance/vector-scan.wasm", import.meta.url);

/** The binary of the text as it stands. */
export async function buildVectorScan(): Promise<Uint8Array> {
  const wabt = await initWabt();
  const module = wabt.parseWat("vector-scan.wat", await readFile(TEXT, "utf8"), { simd: true });
  module.validate();
  return module.toBinary({}).buffer;
}

if (import.meta.main) {
  await writeFile(BINARY, await buildVectorScan());
  console.log(`wrote ${BINARY.pathname}`);
}
