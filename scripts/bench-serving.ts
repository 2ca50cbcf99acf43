/**
 * The service under many clients, bad clients and its own end, each figure beside its goal:
 * `node scripts/bench-serving.ts [--only NAME] [--size SHARE] [--json]`. A size below 1 is for a quick look.
 */
import { parseArgs } from "node:util";
import type { Row } from "./bench-row.ts";
import { benchDrain } from "./serving/drain.ts";
import { benchOverload } from "./serving/overload.ts";
import { benchSlowClients } from "./serving/slow-clients.ts";
import { benchStreams } from "./serving/streams.ts";

type Bench = (sized: (full: number) => number) => Promise<readonly Row[]>;

const BENCHES: Readonly<Record<string, Bench>> = {
  overload: (sized) => benchOverload(sized(10)),
  "slow-clients": (sized) => benchSlowClients(sized(400)),
  drain: (sized) => benchDrain(sized(500)),
  "open-streams": (sized) =>
    benchStreams({
      streams: sized(10_000),
      gapMs: 1_000,
      seconds: 10,
      goals: { peakMebibytes: 700, delayMs: 250 },
    }),
  "active-streams": (sized) =>
    benchStreams({
      streams: sized(2_000),
      gapMs: 100,
      seconds: 10,
      goals: { peakMebibytes: 400, delayMs: 150 },
    }),
};

/** Every bench, or the one named. */
export async function benchServing(size: number, only?: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (only !== undefined && only !== name) continue;
    process.stderr.write(`${name} …\n`);
    rows.push(...(await bench((full) => Math.max(1, Math.round(full * size)))));
  }
  return rows;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string" },
      size: { type: "string", default: "1" },
    },
  });
  const size = Number(values.size);
  if (!(size > 0) || (values.only !== undefined && !(values.only in BENCHES))) {
    console.error(`--only takes ${Object.keys(BENCHES).join(", ")}; --size a number above 0`);
    process.exit(64);
  }
  const rows = await benchServing(size, values.only);
  if (values.json) console.log(JSON.stringify(rows));
  else console.table(rows.map(({ met, ...row }) => ({ ...row, met: met ? "yes" : "NO" })));
}
