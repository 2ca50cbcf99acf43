/** A sync's report, for people and for programs. */
import { formatCount, formatDuration } from "../progress.ts";
import type { SyncReport } from "../sync-plan.ts";
import type { Output } from "./output.ts";

const PROBLEMS_SHOWN = 50;

export function writeReport(
  report: SyncReport,
  output: Output,
  usdPerMillionTokens?: number,
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
  for (const { severity, message } of problems.slice(0, PROBLEMS_SHOWN)) {
    output.warn(`${severity}: ${message}`);
  }
  const total = report.failed + report.warnings;
  const hidden = total - Math.min(problems.length, PROBLEMS_SHOWN);
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
  for (const line of toHints(report)) output.warn(line);
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
      `${collection}: ${formatCount(report.missing)} stored documents were not found; --delete-missing removes them`,
    );
  }
  if (!dryRun) {
    const written = chunksAdded + chunksChanged;
    const rate = Math.round(written / Math.max(0.001, elapsedMs / 1_000));
    const speed = written === 0 ? "" : `, ${formatCount(rate)} chunks/s`;
    lines.push(
      `${collection}: holds ${formatCount(report.documents)} documents in ${formatCount(report.chunks)} chunks, version ${report.version} (${formatDuration(elapsedMs)}${speed})`,
    );
  }
  return lines;
}

/** How to go on; where what was named is not there, the error says it. */
function toHints({ collection, outcome, error, added, changed }: SyncReport): readonly string[] {
  if (outcome === "finished" || error?.code === "not_found") return [];
  const how = outcome === "cancelled" ? "interrupted" : "stopped";
  const stored = formatCount(added + changed);
  return [
    `${collection}: ${how}; ${stored} documents were stored before that and stay, run the same command again to go on`,
  ];
}
