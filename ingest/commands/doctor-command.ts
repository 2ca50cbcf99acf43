/** `pnpm ingest doctor`: every file of the store read, one line for each thing that is wrong. */
import { systemClock } from "../../src/async/clock.ts";
import { examineStore } from "../../src/node/lance/doctor.ts";
import { countDamaged } from "../../src/node/lance/examination.ts";
import { inSpan } from "../../src/telemetry/in-span.ts";
import { DEFAULT_CHUNKING, toChunkerId } from "../chunk/chunk.ts";
import type { DoctorCommand } from "./arguments.ts";
import type { CommandDeps } from "./command-deps.ts";
import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";
import { openEmbedders } from "./open-embedders.ts";

/** Exits with `partly` while damage is left, with `locked` where a collection could not be examined. Throws AppError not_found for what is no store. */
export async function runDoctor(
  { collection, fix }: Pick<DoctorCommand, "collection" | "fix">,
  { config, output, tracer }: CommandDeps,
  signal: AbortSignal,
): Promise<ExitCode> {
  const options = { uri: config.dataDir, config, clock: systemClock };
  const attributes = { "tributary.fix": fix };
  const { collections, findings } = await inSpan(tracer, "doctor", { attributes }, async (span) => {
    const { byId } = await openEmbedders(config);
    const builtWith = {
      embedders: new Set(byId.keys()),
      chunker: toChunkerId(DEFAULT_CHUNKING),
    };
    const onStep = (name: string, step: string): void => output.warn(`${name}: ${step} …`);
    const asked = { collection, fix, builtWith, tracer, onStep };
    const examined = await examineStore(options, asked, signal);
    span.set({ "tributary.damaged": countDamaged(examined.findings) });
    return examined;
  });
  output.data({ collections, findings });
  for (const name of collections) {
    const own = findings.filter((finding) => finding.collection === name);
    for (const { state, what } of own) {
      if (state === "damaged" || state === "unexamined") output.warn(`${name}: ${what}`);
      else output.line(`${name}: ${state === "mended" ? "mended: " : ""}${what}`);
    }
    if (own.length === 0) output.line(`${name}: sound`);
  }
  const damaged = countDamaged(findings);
  if (damaged > 0 && !fix) output.warn("mend what can be mended with: pnpm ingest doctor --fix");
  if (damaged > 0) return EXIT_CODES.partly;
  return findings.some(({ state }) => state === "unexamined") ? EXIT_CODES.locked : EXIT_CODES.ok;
}
