/** `pnpm bench`: figures beside their goals. */
import { toAnswerRows } from "./bench-answers.ts";
import { FAULTS } from "./bench-faults.ts";
import { benchIngest, INGEST_GOALS } from "./bench-ingest.ts";
import { benchRetrieval, toRows } from "./bench-retrieval.ts";
import type { Row } from "./bench-row.ts";
import { SOAK } from "./bench-soak.ts";
import { benchStep } from "./bench-step.ts";
import { SERVING } from "./bench-serving.ts";
import { printRows, runBenches } from "./bench-main.ts";
import { readCommandLine, refuseUse } from "./command-line.ts";

const BENCHES: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  retrieval: async () => toRows(await benchRetrieval()),
  answers: toAnswerRows,
  step: benchStep,
  ingest: async () => {
    const bench = await benchIngest(Number(values.chunks));
    const { chunksPerSecond, peakRssMebibytes, timesFaster } = INGEST_GOALS;
    return [
      {
        what: `ingest of ${bench.chunks} chunks, indexes included`,
        figure: `${bench.chunksPerSecond} chunks/s`,
        goal: `≥ ${chunksPerSecond}`,
        met: bench.chunksPerSecond >= chunksPerSecond,
      },
      {
        what: "its peak memory",
        figure: `${bench.peakRssMebibytes} MiB`,
        goal: `≤ ${peakRssMebibytes}`,
        met: bench.peakRssMebibytes <= peakRssMebibytes,
      },
      {
        what: "again with nothing changed",
        figure: `${bench.timesFaster}× faster (${Math.round(bench.againMs)} ms)`,
        goal: `≥ ${timesFaster}×`,
        met: bench.timesFaster >= timesFaster,
      },
    ];
  },
};

/** Minutes each; `bench-serving.ts` and `bench-faults.ts` run them in small as well. */
const FULL: typeof BENCHES = {
  serving: () => runBenches(SERVING, 1),
  faults: () => runBenches(FAULTS, 1),
  soak: () => runBenches(SOAK, 1),
};

const USAGE = `pnpm bench [options]
  --only NAME  retrieval, answers, step or ingest; with --full also serving, faults or soak
  --full       also the service under many clients, bad ones, failing upstreams and its own end
  --chunks N   a smaller ingest (default 100000)
  --json       one JSON object for all`;

const { values } = readCommandLine(USAGE, {
  json: { type: "boolean", default: false },
  only: { type: "string" },
  full: { type: "boolean", default: false },
  chunks: { type: "string", default: "100000" },
});
const all = values.full ? { ...BENCHES, ...FULL } : BENCHES;
if (values.only !== undefined && !(values.only in all)) {
  refuseUse(`there is no bench ${values.only}; there are: ${Object.keys(all).join(", ")}`, USAGE);
}

const rows: Row[] = [];
for (const [name, bench] of Object.entries(all)) {
  if (values.only !== undefined && values.only !== name) continue;
  process.stderr.write(`${name} …\n`);
  rows.push(...(await bench()));
}
printRows(rows, values.json);
