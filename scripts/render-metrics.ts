/** Writes the table of metrics into the guide: `node scripts/render-metrics.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { METRICS } from "../src/telemetry/metric-table.ts";
import { readCommandLine } from "./command-line.ts";

const PAGE = new URL("../data/guide/observability.md", import.meta.url);
const TABLE = /(<!-- metrics:begin -->\n)[^]*?(<!-- metrics:end -->)/;

/** The page with its table as the code has it. */
export function renderMetrics(page: string): string {
  const rows = Object.entries(METRICS).map(([name, { type, labels, help }]) => {
    const names = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${names || "-"} | ${help} |`;
  });
  const table = ["| Metric | Type | Labels | Meaning |", "|---|---|---|---|", ...rows].join("\n");
  return page.replace(TABLE, (_all, begin: string, end: string) => `${begin}${table}\n${end}`);
}

if (import.meta.main) {
  readCommandLine("node scripts/render-metrics.ts", {});
  const page = readFileSync(PAGE, "utf8");
  const rendered = renderMetrics(page);
  if (rendered !== page) writeFileSync(PAGE, rendered);
  console.log(rendered === page ? "the table was current" : "the table was rewritten");
}
