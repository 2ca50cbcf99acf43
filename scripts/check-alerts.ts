/**
 * Checks alert rules and `/metrics` with Prometheus' own tool: `node scripts/check-alerts.ts`. It must be on the PATH
 * (Debian's package `prometheus`; `apt-get download` and `dpkg-deb -x` are enough, nothing need be installed).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { type MetricDoc, type MetricName, METRICS } from "../src/telemetry/metric-table.ts";
import { createMeterRegistry } from "../src/telemetry/registry.ts";
import { ALERT_CASES, type AlertCase, HEALTHY, type Series } from "./alert-cases.ts";
import { readCommandLine } from "./command-line.ts";

const RULES = "docs/alerts.yaml";
const TOOL = "promtool";

export interface Alert {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The rules of the file. */
export function readAlerts(text: string): readonly Alert[] {
  const { groups } = parse(text) as { readonly groups: readonly { readonly rules: Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** Names of alerts for which no case says when they fire, and of cases without an alert. */
export function findUntested(alerts: readonly Alert[], cases = ALERT_CASES): readonly string[] {
  const [known, tested] = [
    new Set(alerts.map(({ alert }) => alert)),
    new Set(cases.map(({ alert }) => alert)),
  ];
  return [...known.symmetricDifference(tested)];
}

/** Unit tests for promtool. Each case must make its own alert fire and no other; what is healthy, none. */
export function toRuleTests(alerts: readonly Alert[], rulesFile: string): object {
  const expectOnly = (at: string, firing?: AlertCase): readonly object[] =>
    alerts.map((alert) => ({
      eval_time: at,
      alertname: alert.alert,
      exp_alerts: alert.alert === firing?.alert ? [toFiring(alert, firing)] : [],
    }));
  const tests = [
    ...ALERT_CASES.map((one) => toTest(one.alert, one.series, expectOnly(one.at, one))),
    toTest(
      "a healthy service",
      HEALTHY.series,
      HEALTHY.at.flatMap((at) => expectOnly(at)),
    ),
  ];
  return { rule_files: [rulesFile], evaluation_interval: "1m", tests };
}

function toTest(name: string, series: Series, expected: readonly object[]): object {
  const input = Object.entries(series).map(([one, values]) => ({ series: one, values }));
  return { name, interval: "1m", input_series: input, alert_rule_test: expected };
}

function toFiring({ labels, annotations }: Alert, firing: AlertCase): object {
  const own = firing.labels ?? {};
  const fill = (text: string): string =>
    text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_all, label: string) => own[label] ?? "");
  const filled = Object.entries(annotations).map(([name, text]) => [name, fill(text)] as const);
  return { exp_labels: { ...labels, ...own }, exp_annotations: Object.fromEntries(filled) };
}

/** What `/metrics` says when every metric has a value, with labels that have to be escaped. */
export function renderAll(): string {
  const registry = createMeterRegistry();
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const { type, labels: names }: MetricDoc = METRICS[name];
    for (const label of ["plain", 'a "quoted" \\ one\nof two lines']) {
      const labels = Object.fromEntries(names.map((one) => [one, label]));
      if (type === "histogram") registry.observe(name, 0.02, labels);
      else if (type === "counter") registry.count(name, labels, 3);
      else registry.onRead((set) => set(name, 0.5, labels));
    }
  }
  return registry.render();
}

function run(args: readonly string[], input?: string): boolean {
  const { status, stdout, stderr } = spawnSync(TOOL, args, { encoding: "utf8", input });
  process.stdout.write(`${TOOL} ${args.slice(0, 2).join(" ")}: ${stdout}${stderr}\n`);
  return status === 0;
}

function check(): boolean {
  const alerts = readAlerts(readFileSync(RULES, "utf8"));
  const untested = findUntested(alerts);
  for (const name of untested) console.error(`${name}: no case, or no alert of this name`);
  const folder = mkdtempSync(join(tmpdir(), "tributary-alerts-"));
  try {
    // JSON is YAML too.
    const tests = join(folder, "tests.yaml");
    writeFileSync(tests, JSON.stringify(toRuleTests(alerts, resolve(RULES))));
    const passed = [
      run(["check", "rules", RULES]),
      run(["test", "rules", tests]),
      run(["check", "metrics"], renderAll()),
    ];
    return untested.length === 0 && passed.every(Boolean);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  readCommandLine("node scripts/check-alerts.ts", {});
  if (spawnSync(TOOL, ["--version"]).error !== undefined) {
    console.error(`there is no ${TOOL} on the PATH; Debian's package prometheus has it`);
    process.exit(69);
  }
  process.exitCode = check() ? 0 : 1;
}
