/** A sync's report, for people and for programs. */
import { countOf } from "../../src/text/count-of.ts";
import { formatCount, formatDuration } from "./progress.ts";
import type { SyncProblem, SyncReport } from "../sync/sync-plan.ts";
import { READABLE } from "../../src/domain/format.ts";
import type { Output } from "./output.ts";

const PROBLEMS_SHOWN = 50;
/** Endings of files of other kinds. */
const KINDS_SHOWN = 12;

export interface ReportOptions {
  readonly usdPerMillionTokens: number | undefined;
  /** The command goes on by itself: nobody has to run it again. */
  readonly goesOn: boolean;
}

export function writeReport(
  report: SyncReport,
  output: Output,
  { usdPerMillionTokens, goesOn }: ReportOptions,
): void {
  const { problems, error, ...counts } = report;
  const costUsd =
    report.tokens === undefined || usdPerMillionTokens === undefined
      ? undefined
      : (report.tokens * usdPerMillionTokens) / 1e6;
  for (const problem of problems) {
    const { id, code, severity, message } = problem;
    output.data({ type: "problem", id, code, severity, message });
  }
  // Files of other kinds lie in most folders: one line says how many of which.
  const own = problems.filter((problem) => !isOtherKind(problem)).slice(0, PROBLEMS_SHOWN);
  for (const { severity, message } of own) output.warn(`${severity}: ${message}`);
  const others = Object.values(report.unsupported).reduce((sum, count) => sum + count, 0);
  if (others > 0) output.warn(toOthers(report.unsupported, others));
  const hidden = report.failed + report.warnings - others - own.length;
  if (hidden > 0) output.warn(`and ${formatCount(hidden)} more problems`);
  const failure =
    error === undefined ? {} : { error: { code: error.code, detail: error.detail ?? error.code } };
  output.data({
    type: "report",
    ...counts,
    ...(costUsd === undefined ? {} : { costUsd }),
    ...failure,
  });
  for (const line of toLines(report, costUsd)) output.line(line);
  if (error !== undefined) output.warn(`ingest: ${error.detail ?? error.code}`);
  for (const line of toHints(report, goesOn)) output.warn(line);
}

function isOtherKind({ code, severity }: SyncProblem): boolean {
  return code === "unsupported" && severity === "warning";
}

/** The most frequent endings first. */
function toOthers(unsupported: SyncReport["unsupported"], total: number): string {
  const kinds = Object.entries(unsupported).toSorted(([, one], [, other]) => other - one);
  const shown = kinds
    .slice(0, KINDS_SHOWN)
    .map(
      ([ending, count]) => `${formatCount(count)} ${ending === "" ? "without an ending" : ending}`,
    );
  const more = kinds.length > KINDS_SHOWN ? [`${kinds.length - KINDS_SHOWN} other kinds`] : [];
  const files = total === 1 ? "1 file is of a kind" : `${formatCount(total)} files are of kinds`;
  return `warning: ${files} that cannot be read: ${[...shown, ...more].join(", ")}; ${READABLE} can`;
}

function toLines(report: SyncReport, costUsd: number | undefined): readonly string[] {
  const { collection, dryRun, elapsedMs } = report;
  const would = dryRun ? " (dry run: nothing was written)" : "";
  const documents = [
    ["added", report.added],
    ["changed", report.changed],
    ["unchanged", report.unchanged],
    ["carried over", report.carried],
    ["removed", report.removed],
    ["blank", report.blank],
    ["failed", report.failed],
  ] as const;
  const counts = documents
    .filter(([name, count]) => count > 0 || name === "added")
    .map(([name, count]) => `${formatCount(count)} ${name}`);
  const { chunksAdded, chunksChanged, chunksRemoved } = report;
  const chunks = `${formatCount(chunksAdded)} added, ${formatCount(chunksChanged)} changed, ${formatCount(chunksRemoved)} removed`;
  const cost = costUsd === undefined ? "" : `, ${costUsd.toFixed(4)} USD`;
  const tokens =
    report.tokens === undefined
      ? ""
      : `; about ${formatCount(report.tokens)} tokens to embed${cost}`;
  const { rebuilt } = report;
  const anew =
    rebuilt === undefined
      ? []
      : [`${collection} ${rebuilt}: ${dryRun ? "it would be" : "it is"} built anew beside itself`];
  const lines = [
    ...anew,
    `${collection}: documents ${counts.join(", ")}${would}`,
    `${collection}: chunks ${chunks}${tokens}`,
  ];
  if (report.missing > 0) {
    lines.push(
      `${collection}: ${countOf(report.missing, "stored document")} ${report.missing === 1 ? "was" : "were"} not found; --delete-missing removes them`,
    );
  }
  if (!dryRun) {
    const written = chunksAdded + chunksChanged;
    const rate = Math.round(written / Math.max(0.001, elapsedMs / 1_000));
    const speed = written === 0 ? "" : `, ${formatCount(rate)} chunks/s`;
    lines.push(
      `${collection}: holds ${countOf(report.documents, "document")} in ${countOf(report.chunks, "chunk")}, version ${report.version} (${formatDuration(elapsedMs)}${speed})`,
    );
  }
  return lines;
}

/** How to go on; where what was named is not there, the error says it. */
function toHints(
  { collection, outcome, error, added, changed }: SyncReport,
  goesOn: boolean,
): readonly string[] {
  if (goesOn || outcome === "finished" || error?.code === "not_found") return [];
  const how = outcome === "cancelled" ? "interrupted" : "stopped";
  const stored = formatCount(added + changed);
  return [
    `${collection}: ${how}; ${stored} documents were stored before that and stay, run the same command again to go on`,
    ...(added + changed > 0
      ? [
          `${collection}: they may not be in its indexes yet, which makes searches slow; if you do not go on, bring the indexes up with: pnpm ingest optimize ${collection}`,
        ]
      : []),
  ];
}
