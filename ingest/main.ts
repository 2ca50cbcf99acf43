/** Entry of `pnpm ingest`: has the process keep little memory, then runs the command. */
import { keepCompiled } from "../src/node/process/keep-compiled.ts";
import { restartWith } from "../src/node/process/restart-with.ts";

/** glibc: one heap for all native threads, and freed memory given back instead of kept for later. */
const ENVIRONMENT = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "524288",
  MALLOC_TRIM_THRESHOLD_: "1048576",
  // LanceDB: each thread that builds an index holds a part of it.
  LANCE_CPU_THREADS: "1",
} as const;
/**
 * V8: 24 MiB for young objects, where it would take 100; old ones are cleaned up when they have doubled, where it
 * would wait for four times as many; and a clean-up on request, before the indexes are built.
 */
const FLAGS = ["--max-semi-space-size=8", "--heap-growing-percent=100", "--expose-gc"] as const;

keepCompiled();
// At 100,000 chunks the peak was 870 MiB and more without it.
restartWith(ENVIRONMENT, FLAGS);
const { runCommand } = await import("./commands/run-command.ts");
process.exitCode = await runCommand(process.argv.slice(2));
