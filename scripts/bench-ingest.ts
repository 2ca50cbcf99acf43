/** Measures ingest: chunks a second with indexes, peak memory, and a second run with nothing changed. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "./chaos/random.ts";
import { readCommandLine } from "./command-line.ts";

export interface IngestBench {
  readonly documents: number;
  readonly chunks: number;
  /** Wall clock of the whole command: start of the process, loading, embedding, commits, indexes. */
  readonly firstMs: number;
  readonly chunksPerSecond: number;
  readonly peakRssMebibytes: number;
  /** The same command again, with nothing changed. */
  readonly againMs: number;
  readonly timesFaster: number;
}

export const INGEST_GOALS = {
  chunksPerSecond: 2_000,
  peakRssMebibytes: 600,
  timesFaster: 20,
} as const;

const COMMAND = fileURLToPath(new URL("../ingest/main.ts", import.meta.url));
const DOCUMENTS_PER_FOLDER = 500;
const CHUNKS_PER_DOCUMENT = 10;

/** Ingests generated Markdown of about so many chunks with the command itself, twice, in a folder of its own. */
export async function benchIngest(chunks: number): Promise<IngestBench> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-ingest-"));
  try {
    const source = join(folder, "docs");
    await writeDocuments(source, Math.ceil(chunks / CHUNKS_PER_DOCUMENT));
    const first = await runIngest(source, join(folder, "store"));
    const again = await runIngest(source, join(folder, "store"));
    if (again.added !== 0) throw new Error(`the second run added ${again.added} documents`);
    return {
      documents: first.documents,
      chunks: first.chunks,
      firstMs: first.wallMs,
      chunksPerSecond: Math.round(first.chunks / (first.wallMs / 1_000)),
      peakRssMebibytes: Math.round(first.peakRssMebibytes),
      againMs: again.wallMs,
      timesFaster: Math.round((first.wallMs / again.wallMs) * 10) / 10,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Measured {
  readonly documents: number;
  readonly chunks: number;
  readonly added: number;
  readonly wallMs: number;
  readonly peakRssMebibytes: number;
}

async function runIngest(source: string, store: string): Promise<Measured> {
  const startMs = performance.now();
  const args = [COMMAND, source, "--collection", "bench", "--json"];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, DATA_DIR: store, EMBEDDING_MODEL: "" },
  });
  let peakKibibytes = 0;
  const sampling = setInterval(() => {
    void readPeak(child.pid).then((peak) => (peakKibibytes = Math.max(peakKibibytes, peak)));
  }, 50);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  clearInterval(sampling);
  const wallMs = Math.round(performance.now() - startMs);
  const report = output.trim().split("\n").at(-1) ?? "";
  if (code !== 0) throw new Error(`ingest ended with ${String(code)}: ${report}`);
  const { documents, chunks, added } = JSON.parse(report) as Measured;
  return { documents, chunks, added, wallMs, peakRssMebibytes: peakKibibytes / 1024 };
}

/** The highest the process's memory has been so far, as the system keeps it; 0 where it does not tell. */
async function readPeak(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid ?? 0}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
}

async function writeDocuments(folder: string, count: number): Promise<void> {
  const random = createRandom(1);
  for (let at = 0; at < count; at++) {
    const sub = join(folder, `part-${Math.floor(at / DOCUMENTS_PER_FOLDER)}`);
    if (at % DOCUMENTS_PER_FOLDER === 0) await mkdir(sub, { recursive: true });
    await writeFile(join(sub, `document-${at}.md`), writeMarkdown(at, random));
  }
}

/** Headings, prose, a list and code, in the proportions of a handbook; words as often as in real text. */
function writeMarkdown(number: number, random: () => number): string {
  const sentence = (): string => {
    const words = Array.from({ length: 8 + Math.floor(random() * 14) }, () => pickWord(random));
    const text = words.join(" ");
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  };
  const sentences = (length: number): string[] => Array.from({ length }, sentence);
  const parts = [`# Document ${number}: ${pickWord(random)} and ${pickWord(random)}`];
  for (let section = 0; section < CHUNKS_PER_DOCUMENT; section++) {
    const heading = `## ${pickWord(random)} ${pickWord(random)} ${pickWord(random)}`;
    const list = sentences(2).map((item) => `- ${item}`);
    const code = `\`\`\`ts\nconst ${pickWord(random)} = ${Math.floor(random() * 1_000)};\n\`\`\``;
    parts.push(heading, sentences(4).join(" "), sentences(3).join(" "), list.join("\n"), code);
  }
  return `${parts.join("\n\n")}\n`;
}

const SYLLABLES =
  "ta re mi con lo per stra ven du ki na sol der mon ti ca ru pel ing er al os".split(" ");
const VOCABULARY = 20_000;
const COMMON =
  "the of and to in is that it for on as with be by this an are from at or which not can when has".split(
    " ",
  );

/** Half of running text is a few dozen words; the rest falls off with its rank (Zipf). */
function pickWord(random: () => number): string {
  if (random() < 0.45) return COMMON[Math.floor(random() * COMMON.length)] ?? "the";
  let rank = Math.floor(VOCABULARY ** random());
  let word = "";
  do {
    word += SYLLABLES[rank % SYLLABLES.length] ?? "";
    rank = Math.floor(rank / SYLLABLES.length);
  } while (rank > 0);
  return word.length < 3 ? `${word}ne` : word;
}

if (import.meta.main) {
  const { values } = readCommandLine("node scripts/bench-ingest.ts [--chunks N] [--json]", {
    chunks: { type: "string", default: "100000" },
    json: { type: "boolean", default: false },
  });
  const result = await benchIngest(Number(values.chunks));
  if (values.json) {
    console.log(JSON.stringify({ ...result, goals: INGEST_GOALS }));
  } else {
    const { chunksPerSecond, peakRssMebibytes, timesFaster } = INGEST_GOALS;
    console.log(`ingest of ${result.documents} documents, ${result.chunks} chunks`);
    console.log(`  ${result.chunksPerSecond} chunks/s with indexes (goal ${chunksPerSecond})`);
    console.log(`  ${result.peakRssMebibytes} MiB peak RSS (goal at most ${peakRssMebibytes})`);
    console.log(
      `  ${result.firstMs} ms, again ${result.againMs} ms: ${result.timesFaster}x faster (goal ${timesFaster})`,
    );
  }
}
