/** `pnpm ingest doctor`: every file of the store read, one line for each thing that is wrong. */
import { systemClock } from "../../src/async/clock.ts";
import type { Config } from "../../src/config.ts";
import { examineStore } from "../../src/node/lance/doctor.ts";
import type { CollectionCommand } from "./arguments.ts";
import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";
import type { Output } from "./output.ts";

/** Exits with `partly` while damage is left, with `locked` where a collection could not be examined. Throws AppError not_found for what is no store. */
export async function runDoctor(
  { collection, fix }: Pick<CollectionCommand, "collection" | "fix">,
  config: Config,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const options = { uri: config.dataDir, config, clock: systemClock };
  const { collections, findings } = await examineStore(options, { collection, fix }, signal);
  output.data({ collections, findings });
  for (const name of collections) {
    const own = findings.filter((finding) => finding.collection === name);
    for (const { state, what } of own) {
      if (state === "damaged" || state === "unexamined") output.warn(`${name}: ${what}`);
      else output.line(`${name}: ${state === "mended" ? "mended: " : ""}${what}`);
    }
    if (own.length === 0) output.line(`${name}: sound`);
  }
  const damaged = findings.filter(({ state }) => state === "damaged").length;
  if (damaged > 0 && !fix) output.warn("mend what can be mended with: pnpm ingest doctor --fix");
  if (damaged > 0) return EXIT_CODES.partly;
  return findings.some(({ state }) => state === "unexamined") ? EXIT_CODES.locked : EXIT_CODES.ok;
}
