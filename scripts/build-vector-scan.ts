/** Assembles the vector kernels from their texts beside them: `node scripts/build-vector-scan.ts`. */
import { readFile, writeFile } from "node:fs/promises";
import initWabt from "wabt";
import { readCommandLine } from "./command-line.ts";

export const KERNELS = {
  float: new URL("../src/node/lance/vector-scan.wat", import.meta.url),
  int8: new URL("../src/stores/int8-scan.wat", import.meta.url),
} as const;

/** The binary of the text as it stands. */
export async function buildVectorScan(text: URL = KERNELS.float): Promise<Uint8Array> {
  const wabt = await initWabt();
  const name = text.pathname.split("/").at(-1) ?? "";
  const module = wabt.parseWat(name, await readFile(text, "utf8"), { simd: true });
  module.validate();
  return module.toBinary({}).buffer;
}

/** Where the binary of a text lies. */
export function toBinaryPath(text: URL): URL {
  return new URL(text.href.replace(/\.wat$/, ".wasm"));
}

if (import.meta.main) {
  readCommandLine("node scripts/build-vector-scan.ts", {});
  for (const text of Object.values(KERNELS)) {
    const binary = toBinaryPath(text);
    await writeFile(binary, await buildVectorScan(text));
    console.log(`wrote ${binary.pathname}`);
  }
}
