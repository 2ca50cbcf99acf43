/** How many tokens the chunks of an exported collection have, and what a model that reads fewer misses: `node scripts/count-tokens.ts FILE.jsonl`. */
import { openExportFile } from "../ingest/export/read-export.ts";
import { toContent } from "../src/domain/chunk.ts";
import { createWordpiece } from "../src/models/static/wordpiece.ts";
import { loadStaticTable } from "../src/node/load/load-static-table.ts";
import { readCommandLine, refuseUse } from "./command-line.ts";

/** What small embedding models read of a text. */
const LIMITS = [256, 512];
/** A model puts one before a text and one behind it. */
const MARKERS = 2;

const USAGE = "node scripts/count-tokens.ts FILE.jsonl (of pnpm ingest export NAME)";

const [path] = readCommandLine(USAGE, {}, 1).positionals;
if (path === undefined) refuseUse("it takes a file", USAGE);
const counts = (await countTokens(path)).toSorted((one, other) => one - other);
const sum = counts.reduce((total, count) => total + count, 0);
const at = (share: number): number => counts[Math.floor((counts.length - 1) * share)] ?? 0;
console.log(
  `${counts.length} chunks; tokens: median ${at(0.5)}, nine of ten up to ${at(0.9)}, the longest ${at(1)}`,
);
for (const limit of LIMITS) {
  const longer = counts.filter((count) => count > limit);
  const behind = longer.reduce((total, count) => total + count - limit, 0);
  console.log(
    `above ${limit}: ${toPercent(longer.length / counts.length)} of the chunks, ${toPercent(behind / sum)} of the text stands behind it`,
  );
}

/** As BERT's uncased vocabulary cuts them, which all-MiniLM, bge-en, e5, mxbai and nomic have. */
async function countTokens(file: string): Promise<readonly number[]> {
  const wordpiece = createWordpiece((await loadStaticTable()).vocabulary);
  await using exported = await openExportFile(file, new AbortController().signal);
  const found: number[] = [];
  for await (const { chunks } of exported.documents()) {
    for (const { chunk } of chunks) {
      const tokens: number[] = [];
      wordpiece.tokenize(toContent(chunk), tokens);
      found.push(tokens.length + MARKERS);
    }
  }
  return found;
}

function toPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
