/** `pnpm ingest export NAME [FILE]` and `import FILE [NAME]`: a collection as a file, with the vectors it has. */
import { resolve } from "node:path";
import { systemClock } from "../../src/async/clock.ts";
import { openExport } from "../../src/node/lance/export-documents.ts";
import type { WriteStore } from "../../src/stores/store.ts";
import { inSpan } from "../../src/telemetry/in-span.ts";
import { importDocuments } from "../export/import-documents.ts";
import { openExportFile } from "../export/read-export.ts";
import { writeExport } from "../export/write-export.ts";
import { countOf } from "../../src/text/count-of.ts";
import { formatCount, formatDuration } from "./progress.ts";
import type { FileCommand } from "./arguments.ts";
import { showProgress } from "./show-progress.ts";
import type { CommandDeps } from "./command-deps.ts";
import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";

type Asked = FileCommand & { readonly cwd: string };

/** Throws AppError as the store, the file system and the file say. */
export function runFileCommand(
  asked: Asked,
  store: WriteStore,
  deps: CommandDeps,
  signal: AbortSignal,
): Promise<ExitCode> {
  return asked.action === "export"
    ? runExport(asked, deps, signal)
    : runImport(asked, store, deps, signal);
}

async function runExport(
  { collection = "", file = `${collection}.jsonl`, cwd }: Asked,
  { config, output, tracer }: CommandDeps,
  signal: AbortSignal,
): Promise<ExitCode> {
  const startMs = systemClock.now();
  const attributes = { "tributary.collection": collection };
  const report = await inSpan(tracer, "export", { attributes }, async () => {
    const options = { uri: config.dataDir, config, clock: systemClock };
    const source = await openExport(options, collection);
    return writeExport(source, resolve(cwd, file), signal, showProgress(collection, output));
  });
  const elapsedMs = systemClock.now() - startMs;
  output.data({ type: "export", collection, file, ...report, seconds: elapsedMs / 1_000 });
  const { documents, chunks, bytes } = report;
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  output.line(
    `${collection}: ${countOf(documents, "document")} in ${countOf(chunks, "chunk")} written to ${file} (${size}, ${formatDuration(elapsedMs)})`,
  );
  return EXIT_CODES.ok;
}

async function runImport(
  { file = "", collection, cwd }: Asked,
  store: WriteStore,
  { output, tracer }: CommandDeps,
  signal: AbortSignal,
): Promise<ExitCode> {
  const startMs = systemClock.now();
  await using source = await openExportFile(resolve(cwd, file), signal);
  const name = collection ?? source.head.spec.name;
  const onProgress = showProgress(name, output);
  const attributes = { "tributary.collection": name };
  const { info, ...counts } = await inSpan(tracer, "import", { attributes }, () =>
    importDocuments(store, source, name, {
      signal,
      onProgress,
      onStep: (step) => output.warn(`${name}: ${step} …`),
    }),
  );
  const elapsedMs = systemClock.now() - startMs;
  const { documents, chunks, version } = info;
  const held = { documents, chunks, version, seconds: elapsedMs / 1_000 };
  output.data({ type: "import", collection: name, file, ...counts, ...held });
  const { added, changed, unchanged, others, indexed } = counts;
  const done = `${formatCount(added)} added, ${formatCount(changed)} changed, ${formatCount(unchanged)} unchanged`;
  output.line(`${name}: documents ${done}`);
  if (others > 0) output.line(`${name}: ${formatCount(others)} that are not in the file stay`);
  output.line(
    `${name}: holds ${countOf(documents, "document")} in ${countOf(chunks, "chunk")}, version ${version} (${formatDuration(elapsedMs)})`,
  );
  if (!indexed) output.warn(`${name}: its indexes are to be made: pnpm ingest optimize ${name}`);
  return EXIT_CODES.ok;
}
