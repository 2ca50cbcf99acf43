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

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string" },
    size: { type: "string", default: "1" },
  },
});
const size = Number(values.size);
const sized = (full: number): number => Math.max(1, Math.round(full * size));

const BENCHES: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  overload: () => benchOverload(sized(10)),
  "slow-clients": () => benchSlowClients(sized(400)),
  drain: () => benchDrain(sized(500)),
  "open-streams": () =>
    benchStreams({
      streams: sized(10_000),
      gapMs: 1_000,
      seconds: 10,
      goals: { peakMebibytes: 700, delayMs: 250 },
    }),
  "active-streams": () =>
    benchStreams({
      streams: sized(2_000),
      gapMs: 100,
      seconds: 10,
      goals: { peakMebibytes: 400, delayMs: 150 },
    }),
};
if (!(size > 0) || (values.only !== undefined && !(values.only in BENCHES))) {
  console.error(`--only takes ${Object.keys(BENCHES).join(", ")}; --size a number above 0`);
  process.exit(64);
}

const rows: Row[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (values.only !== undefined && values.only !== name) continue;
  process.stderr.write(`${name} …\n`);
  rows.push(...(await bench()));
}
if (values.json) console.log(JSON.stringify(rows));
else console.table(rows.map(({ met, ...row }) => ({ ...row, met: met ? "yes" : "NO" })));
