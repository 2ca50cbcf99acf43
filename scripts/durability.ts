/** Measures what the store promises under faults. `--only NAME`, `--short` for CI, `--cycles N` for kills. */
import { measureBitFlips } from "./durability/bit-flips.ts";
import { measureCost } from "./durability/cost.ts";
import { measureKills, measurePowerLosses } from "./durability/crash.ts";
import { measureCrashPoints } from "./durability/crash-points.ts";
import { measureDiskFull } from "./durability/disk-full.ts";
import type { Figure } from "./durability/measure.ts";
import { measureReplacing } from "./durability/replace.ts";
import { measureWriters } from "./durability/writers.ts";
import { readCommandLine, refuseUse } from "./command-line.ts";

const USAGE = "node scripts/durability.ts [--only NAME,NAME] [--short] [--cycles N] [--json]";
const { values } = readCommandLine(USAGE, {
  only: { type: "string" },
  short: { type: "boolean", default: false },
  cycles: { type: "string" },
  json: { type: "boolean", default: false },
});
const of = (short: number, full: number): number =>
  Number(values.cycles ?? (values.short ? short : full));

const MEASURES: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  kill: () => measureKills(of(15, 1_000)),
  points: () => measureCrashPoints(of(6, 10_000)),
  power: () => measurePowerLosses(of(4, 50)),
  full: () => measureDiskFull(of(2, 12)),
  flips: () => measureBitFlips(of(2, 40)),
  writers: () => measureWriters(of(40, 1_000)),
  replace: () => measureReplacing(of(5, 30)),
  cost: () => measureCost(of(1, 5)),
};

const names =
  values.only?.split(",") ??
  Object.keys(MEASURES).filter((name) => !values.short || name !== "cost");
const unknown = names.find((name) => !(name in MEASURES));
if (unknown !== undefined) {
  refuseUse(
    `there is no measure ${unknown}; there are: ${Object.keys(MEASURES).join(", ")}`,
    USAGE,
  );
}
const figures: Figure[] = [];
for (const name of names) {
  process.stderr.write(`${name} …\n`);
  figures.push(...((await MEASURES[name]?.()) ?? []));
}
if (values.json) console.log(JSON.stringify(figures));
else
  for (const { what, figure, goal, ok } of figures)
    console.log(`${ok ? "ok" : "NO"}  ${what}: ${figure}  (goal ${goal})`);
process.exit(figures.every(({ ok }) => ok) ? 0 : 1);
