/** Answers of the service and of the floor in the same seconds, so that whatever else the machine does falls on both. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Load,
  type LoadFigures,
  loadBenchCollections,
  measure,
  PATIENT_ENV,
  startService,
  startUpstream,
} from "../bench-answers.ts";
import { startProgram } from "../bench-program.ts";
import { atLeast, atMost, type Row } from "../bench-row.ts";
import { toQuantile } from "../to-quantile.ts";

const CHUNKS_EACH = 500;
/** So few that no answer waits for another one, and so many that one has the machine when it wants it. */
const FEW: Load = { askers: 4, answers: 32 };
const MANY: Load = { askers: 32, answers: 64 };
/** With many: the first is for what runs to be compiled, and the middle one of the others counts. */
const ROUNDS = 4;
const UPSTREAMS_MS = 310;

/** What the service takes for an answer, as a multiple of what a bare proxy that searches nothing takes. */
export async function benchBesideFloor(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-floor-"));
  try {
    await loadBenchCollections(folder, CHUNKS_EACH);
    await using upstream = await startUpstream();
    await using own = await startService(folder, upstream.port, PATIENT_ENV);
    await using floor = await startProgram("bench-floor.ts", {}, upstream.port);
    const ask = (load: Load) => Promise.all([measure(own, load), measure(floor, load)]);
    const rounds: Both[] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await ask(MANY));
    return [toFirstToken(await ask(FEW)), ...toRows(rounds.slice(1))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Both = readonly [own: LoadFigures, floor: LoadFigures];

function toFirstToken([own, floor]: Both): Row {
  return atMost("first token, 4 askers, of the floor's, fastest", {
    value: (UPSTREAMS_MS + own.addedLeastMs) / (UPSTREAMS_MS + floor.addedLeastMs),
    goal: 1.6,
    unit: "×",
    note: `${own.addedLeastMs} and ${floor.addedLeastMs} ms beyond the upstreams`,
  });
}

function toRows(rounds: readonly Both[]): readonly Row[] {
  const toRatio = (figure: "cpuMsPerAnswer" | "answersPerSecond" | "peakRssMebibytes") => {
    const ratios = rounds.map(([own, floor]) => own[figure] / floor[figure]);
    const note = rounds.map(([own, floor]) => `${own[figure]}/${floor[figure]}`).join(", ");
    return { value: toQuantile(ratios, 0.5), unit: "×", note };
  };
  return [
    atMost("processor time an answer, 32 askers, of the floor's", {
      ...toRatio("cpuMsPerAnswer"),
      goal: 2.2,
    }),
    atLeast("answers a second, 32 askers, of the floor's", {
      ...toRatio("answersPerSecond"),
      goal: 0.5,
    }),
    atMost("peak memory, 32 askers, of the floor's", { ...toRatio("peakRssMebibytes"), goal: 3.3 }),
  ];
}
