/**
 * The goals of the service in short, for every change: `node scripts/bench-short.ts [--only NAME]`. The benches are those
 * of `pnpm bench`, small; what they give is held against ratios and invariants, none of which a busy machine breaks and a
 * regression of twice the cost does. The last line is JSON. Exits with 1 when one does not hold.
 */
import { parseArgs } from "node:util";
import { benchAnswers, type LoadFigures, PATIENT_ENV } from "./bench-answers.ts";
import { FAULTS } from "./bench-faults.ts";
import { printRows } from "./bench-main.ts";
import { atLeast, atMost, type Row } from "./bench-row.ts";
import { benchDrain } from "./serving/drain.ts";
import { benchOverload } from "./serving/overload.ts";
import { benchSlowClients } from "./serving/slow-clients.ts";
import { benchStreams } from "./serving/streams.ts";

/** What a row must keep instead of its goal, which is one for a machine of its own. */
interface Rule {
  /** Begins the row's `what`. */
  readonly row: string;
  /** Without either the row's own goal counts. */
  readonly most?: number;
  readonly least?: number;
}

/** Rows that no rule names are times, of which a shared machine says nothing. */
function judge(rows: readonly Row[], rules: readonly Rule[]): readonly Row[] {
  return rules.map(({ row: start, most, least }) => {
    const row = rows.find(({ what }) => what.startsWith(start));
    if (row === undefined) throw new Error(`no bench gives: ${start}`);
    const { value = Number.NaN, what, figure } = row;
    if (most !== undefined) return { ...row, goal: `≤ ${most}`, met: value <= most };
    if (least !== undefined) return { ...row, goal: `≥ ${least}`, met: value >= least };
    return { what, figure, goal: row.goal, met: row.met };
  });
}

const FIRST_TOKEN_UPSTREAM_MS = 310;
/** So late a floor is only where it gets a part of a processor: on two of its own it is 10 ms late. */
const FLOOR_BUSY_MS = 60;
const FEW = { askers: 16, answers: 64 };
const MANY = { askers: 64, answers: 192 };

/** Against the floor of the same minute, which searches nothing. */
async function answers(): Promise<readonly Row[]> {
  const { own, floor } = await benchAnswers([FEW, MANY], PATIENT_ENV);
  const [few, many] = own;
  const [bareFew, bareMany] = floor;
  if (!few || !many || !bareFew || !bareMany) throw new Error("the bench gives no figures");
  const toFirst = ({ addedP50Ms }: LoadFigures): number => FIRST_TOKEN_UPSTREAM_MS + addedP50Ms;
  const cost = atMost("processor time an answer, 64 askers, of the floor's", {
    value: many.cpuMsPerAnswer / bareMany.cpuMsPerAnswer,
    goal: 3,
    unit: "×",
    note: `${many.cpuMsPerAnswer} and ${bareMany.cpuMsPerAnswer} ms`,
  });
  if (Math.max(bareFew.addedP50Ms, bareMany.addedP50Ms) > FLOOR_BUSY_MS) {
    console.error("  the floor itself is late: other work has the machine, and times say nothing");
    return [cost];
  }
  return [
    cost,
    atMost("first token, 16 askers, of the floor's", {
      value: toFirst(few) / toFirst(bareFew),
      goal: 1.5,
      unit: "×",
      note: `${few.addedP50Ms} and ${bareFew.addedP50Ms} ms beyond the upstreams`,
    }),
    atLeast("answers a second, 64 askers, of the floor's", {
      value: many.answersPerSecond / bareMany.answersPerSecond,
      goal: 0.5,
      unit: "×",
      note: `${many.answersPerSecond} and ${bareMany.answersPerSecond}`,
    }),
  ];
}

const faults = (name: keyof typeof FAULTS, size: number, rules: readonly Rule[]) => async () =>
  judge((await FAULTS[name]?.(size)) ?? [], rules);

const UNTIMED = { peakMebibytes: Infinity, delayMs: Infinity };
const FEW_STREAMS = 100;
const MANY_STREAMS = 1_600;

/** Memory of one more stream: what the process needs without any is taken off. */
async function openStreams(): Promise<readonly Row[]> {
  const peakOf = async (streams: number): Promise<number> => {
    const rows = await benchStreams({ streams, gapMs: 1_000, seconds: 3, goals: UNTIMED });
    return rows.find(({ what }) => what.startsWith("peak memory"))?.value ?? Number.NaN;
  };
  const few = await peakOf(FEW_STREAMS);
  const many = await peakOf(MANY_STREAMS);
  return [
    atMost("memory of an open stream", {
      value: (1_024 * (many - few)) / (MANY_STREAMS - FEW_STREAMS),
      goal: 160,
      unit: "KiB",
      note: `${few} MiB for ${FEW_STREAMS}, ${many} for ${MANY_STREAMS}`,
    }),
  ];
}

const SHORT: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  answers,
  thirty: faults("thirty", 0.1, [
    { row: "30% of all upstream calls fail: usable", least: 99 },
    { row: "of them by the model", least: 80 },
    { row: "calls an answer", most: 1.7 },
    { row: "streams that end with one run-end" },
  ]),
  outage: faults("outage", 0.1, [{ row: "the chat upstream is dead", most: 1.1 }]),
  hanging: faults("hanging", 0.15, [
    { row: "embedding calls that neither answered first nor hung", most: 15 },
  ]),
  cancel: faults("cancel", 0.05, [{ row: "upstream sockets left open" }]),
  overload: async () =>
    judge(await benchOverload(3), [
      { row: "replies other than" },
      { row: "503 with Retry-After" },
      { row: "answers a second, of", least: 40 },
    ]),
  "slow-clients": async () =>
    judge(await benchSlowClients(40), [{ row: "40 slow connections", most: 30_000 }]),
  drain: async () =>
    judge(await benchDrain(60), [
      { row: "exit after SIGTERM" },
      { row: "streams with their last" },
    ]),
  "open-streams": openStreams,
  "active-streams": async () =>
    judge(await benchStreams({ streams: 100, gapMs: 100, seconds: 4, goals: UNTIMED }), [
      { row: "deltas that came", least: 90 },
    ]),
};

/** Side by side where nothing is a ratio of times; one after another otherwise. */
const TURNS: readonly (readonly string[])[] = [
  ["answers"],
  ["overload"],
  ["thirty", "slow-clients", "drain"],
  ["outage", "open-streams"],
  ["hanging", "active-streams"],
  ["cancel"],
];

const { values } = parseArgs({ options: { only: { type: "string" } } });
if (values.only !== undefined && !(values.only in SHORT)) {
  console.error(`--only takes ${Object.keys(SHORT).join(", ")}`);
  process.exit(64);
}
const rows: Row[] = [];
for (const turn of values.only === undefined ? TURNS : [[values.only]]) {
  process.stderr.write(`${turn.join(", ")} …\n`);
  const startMs = performance.now();
  rows.push(...(await Promise.all(turn.map(async (name) => (await SHORT[name]?.()) ?? []))).flat());
  process.stderr.write(`  ${Math.round((performance.now() - startMs) / 1_000)} s\n`);
}
printRows(rows, false);
console.log(JSON.stringify(rows));
process.exitCode = rows.every(({ met }) => met) ? 0 : 1;
