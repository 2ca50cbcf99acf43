/**
 * The goals of the service in short, for every change: `node scripts/bench-short.ts [--only NAME] [--json]`. The benches
 * are those of `pnpm bench --full`, small. What they give is held against invariants, and against ratios to a floor or to a
 * healthy phase of the same seconds: other work on the machine breaks none of them, twice the cost does. Exits with 1 when
 * one does not hold.
 */
import { FAULTS } from "./bench-faults.ts";
import { printRows } from "./bench-main.ts";
import type { Row } from "./bench-row.ts";
import { benchBesideFloor } from "./serving/beside-floor.ts";
import { benchDrain } from "./serving/drain.ts";
import { benchOverload } from "./serving/overload.ts";
import { benchSlowClients } from "./serving/slow-clients.ts";
import { benchStreamMemory } from "./serving/stream-memory.ts";
import { benchStreams } from "./serving/streams.ts";
import { readCommandLine, refuseUse } from "./command-line.ts";

/** What a row must keep. Without a number it is the row's own goal. */
interface Rule {
  /** Begins the row's `what`. */
  readonly row: string;
  readonly most?: number;
  readonly least?: number;
  /** It is a time, and enough that there is one. */
  readonly ever?: true;
}

/** What is not there by then does not come. */
const EVER_MS = 29_000;

/** Rows that no rule names are times, of which a shared machine says nothing. */
function judge(rows: readonly Row[], rules: readonly Rule[]): readonly Row[] {
  return rules.map(({ row: start, most, least, ever }) => {
    const row = rows.find(({ what }) => what.startsWith(start));
    if (row === undefined) throw new Error(`no bench gives: ${start}`);
    const { value = Number.NaN } = row;
    if (most !== undefined) return { ...row, goal: `≤ ${most}`, met: value <= most };
    if (least !== undefined) return { ...row, goal: `≥ ${least}`, met: value >= least };
    if (ever) return { ...row, goal: "ever", met: value <= EVER_MS };
    return row;
  });
}

const fault = async (name: keyof typeof FAULTS, size: number, rules: readonly Rule[]) =>
  judge((await FAULTS[name]?.(size)) ?? [], rules);

const UNTIMED = { peakMebibytes: Infinity, delayMs: Infinity };
const SLOW_CLIENTS = {
  connections: 40,
  seconds: 4,
  env: { HEADERS_TIMEOUT_MS: "3000", REQUEST_TIMEOUT_MS: "5000" },
};

const SHORT: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  answers: benchBesideFloor,
  overload: async () =>
    judge(await benchOverload(2), [
      { row: "replies other than" },
      { row: "503 with Retry-After" },
      { row: "answers a second, of", least: 40 },
      { row: "back to normal", ever: true },
    ]),
  thirty: () =>
    fault("thirty", 0.075, [
      { row: "30% of all upstream calls fail: usable" },
      { row: "of them by the model", least: 94 },
      { row: "calls an answer", most: 1.5 },
      { row: "streams that end with one run-end" },
    ]),
  "slow-clients": async () =>
    judge(await benchSlowClients(SLOW_CLIENTS), [
      { row: "slow connections that the service closes" },
      { row: "answers to good clients meanwhile", most: 3 },
    ]),
  drain: async () =>
    judge(await benchDrain(60, { DRAIN_GRACE_MS: "2000" }), [
      { row: "exit code" },
      { row: "streams with their last" },
    ]),
  outage: () =>
    fault("outage", 0.1, [
      // Without a breaker it is one.
      { row: "the chat upstream is dead", most: 0.5 },
      { row: "questions answered meanwhile" },
      { row: "written by the model again", ever: true },
    ]),
  hanging: () =>
    fault("hanging", 0.1, [
      { row: "hanging calls that a question waited for" },
      { row: "embedding calls that neither answered first nor hung", most: 15 },
    ]),
  cancel: () => fault("cancel", 0.05, [{ row: "upstream sockets left open" }]),
  "open-streams": benchStreamMemory,
  "active-streams": async () =>
    judge(await benchStreams({ streams: 100, gapMs: 100, seconds: 4, goals: UNTIMED }), [
      { row: "deltas that came", least: 90 },
    ]),
};

/** Side by side where nothing is a ratio of times; one after another otherwise. */
const TURNS: readonly (readonly string[])[] = [
  ["answers"],
  ["overload"],
  ["slow-clients", "drain"],
  ["outage", "open-streams", "active-streams"],
  ["thirty"],
  ["hanging", "cancel"],
];

/** A quiet machine takes a third of it. */
const CAP_MS = 300_000;

/** Ends the command when it takes so long that something hangs or the machine has no time for it. */
function cap(open: ReadonlySet<string>): void {
  setTimeout(() => {
    console.error(`✗ not done after ${CAP_MS / 1_000} s, given up: ${[...open].join(", ")}`);
    process.exit(1);
  }, CAP_MS).unref();
}

async function runOne(name: string): Promise<readonly Row[]> {
  try {
    return (await SHORT[name]?.()) ?? [];
  } catch (thrown) {
    console.error(thrown);
    return [{ what: name, figure: String(thrown), goal: "comes to its end", met: false }];
  }
}

const USAGE = `node scripts/bench-short.ts [--only ${Object.keys(SHORT).join("|")}] [--json]`;
const { values } = readCommandLine(USAGE, {
  only: { type: "string" },
  json: { type: "boolean", default: false },
});
if (values.only !== undefined && !(values.only in SHORT)) {
  refuseUse(`there is no bench ${values.only}`, USAGE);
}
const turns = values.only === undefined ? TURNS : [[values.only]];
const open = new Set(turns.flat());
cap(open);
const rows: Row[] = [];
for (const turn of turns) {
  const startMs = performance.now();
  const found = await Promise.all(
    turn.map(async (name) => {
      const own = await runOne(name);
      open.delete(name);
      return own;
    }),
  );
  rows.push(...found.flat());
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  process.stderr.write(`${turn.join(", ")}: ${seconds} s\n`);
}
printRows(rows, values.json);
const missed = rows.filter(({ met }) => !met);
for (const { what, figure, goal } of missed) console.error(`✗ ${what}: ${figure}, goal ${goal}`);
// Whatever a bench that broke off still holds must not keep the command.
process.exit(missed.length > 0 ? 1 : 0);
