/** Writes the tables of metrics and of log events into the guide: `node scripts/render-metrics.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { LOG_EVENTS } from "../src/telemetry/log-events.ts";
import { METRICS } from "../src/telemetry/metric-table.ts";
import { readCommandLine } from "./command-line.ts";

const PAGE = new URL("../data/guide/observability.md", import.meta.url);

/** The page with its tables as the code has them. */
export function renderMetrics(page: string): string {
  const metrics = Object.entries(METRICS).map(([name, { type, labels, help }]) => {
    const names = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${names || "-"} | ${help} |`;
  });
  const events = Object.entries(LOG_EVENTS).map(
    ([name, { level, help }]) => `| \`${name}\` | ${level} | ${help} |`,
  );
  const withMetrics = replaceTable(page, "metrics", [
    "| Metric | Type | Labels | Meaning |",
    "|---|---|---|---|",
    ...metrics,
  ]);
  return replaceTable(withMetrics, "log-events", [
    "| Event | Level | Meaning |",
    "|---|---|---|",
    ...events,
  ]);
}

function replaceTable(page: string, name: string, lines: readonly string[]): string {
  const table = new RegExp(`(<!-- ${name}:begin -->\n)[^]*?(<!-- ${name}:end -->)`);
  return page.replace(
    table,
    (_all, begin: string, end: string) => `${begin}${lines.join("\n")}\n${end}`,
  );
}

if (import.meta.main) {
  readCommandLine("node scripts/render-metrics.ts", {});
  const page = readFileSync(PAGE, "utf8");
  const rendered = renderMetrics(page);
  if (rendered !== page) writeFileSync(PAGE, rendered);
  console.log(rendered === page ? "the tables were current" : "the tables were rewritten");
}
