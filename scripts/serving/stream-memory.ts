/** What an open stream holds, as a multiple of what it holds in a bare server: garbage is collected before each look. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram } from "../bench-program.ts";
import { atMost, type Row } from "../bench-row.ts";
import { openStream, until } from "./client.ts";
import { createSampler, toProbeEnv } from "./heap-samples.ts";

/** What is made with the first ones is no stream's. */
const FEW = 50;
const MANY = 450;
const GAP_MS = 1_000;

export async function benchStreamMemory(): Promise<readonly Row[]> {
  const [own, bare] = await Promise.all([
    measureStream("serving/stream-server.ts"),
    measureStream("serving/bare-streams.ts"),
  ]);
  return [
    atMost("memory of an open stream, of a bare server's", {
      value: own / bare,
      goal: 2,
      unit: "×",
      note: `${own.toFixed(1)} and ${bare.toFixed(1)} KiB`,
    }),
  ];
}

/** KiB of heap and buffers that one more open stream takes. */
async function measureStream(file: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-streams-"));
  try {
    const probeFile = join(folder, "probe.jsonl");
    await using server = await startProgram(file, toProbeEnv(probeFile), GAP_MS);
    const takeSample = createSampler(server, probeFile);
    let opened = 0;
    const open = async (count: number): Promise<number> => {
      for (let number = 0; number < count; number += 1) {
        let isOpen = false;
        openStream(server.port, `Stream ${opened} and ${number}`, (text) => {
          if (!isOpen && text.includes("event: text-delta")) opened += 1;
          isOpen ||= text.includes("event: text-delta");
        });
      }
      const all = opened + count;
      await until(() => opened === all);
      const { heapBytes, externalBytes } = await takeSample();
      return (heapBytes + externalBytes) / 1_024;
    };
    const few = await open(FEW);
    return ((await open(MANY)) - few) / MANY;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
