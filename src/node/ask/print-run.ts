/** A run on a terminal: the answer as it comes, or the value at its end, then its sources, then on wish how it came about. */
import { toPath } from "../../domain/chunk.ts";
import type { Leg, Passage, RunEnd, RunEvent, TimelineEntry } from "../../domain/event.ts";
import { layOut } from "../../json/lay-out.ts";
import { escapeControls } from "../../text/escape-controls.ts";

export interface PrintOptions {
  readonly write: (text: string) => void;
  /** Also the ledger and the timeline. */
  readonly verbose: boolean;
}

/** Prints the events; the run's end. */
export async function printRun(
  events: AsyncIterable<RunEvent>,
  { write, verbose }: PrintOptions,
): Promise<RunEnd> {
  const say = (text: string): void => write(escapeControls(text, "\n\t"));
  let passages: readonly Passage[] = [];
  const cited = new Set<number>();
  let hasText = false;
  for await (const event of events) {
    if (event.type === "text-delta") {
      hasText = true;
      say(event.text);
    }
    if (event.type === "text-reset") {
      cited.clear();
      say("\n[the text so far is withdrawn]\n");
    }
    if (event.type === "retrieval-end") passages = [...passages, ...event.passages];
    if (event.type === "citation") cited.add(event.label);
    if (event.type !== "run-end") continue;
    if (event.error !== undefined) return event;
    say(listValue(event));
    for (const { citations } of event.outputChecks ?? []) {
      for (const { label } of citations) cited.add(label);
    }
    say(`\n\n${describeEnd(event, hasText, verbose ? "" : "; --verbose tells more")}`);
    say(listSources(passages.filter(({ label }) => verbose || cited.has(label))));
    if (verbose) say(`${listLegs(event.ledger)}${listStages(event.timeline)}`);
    return event;
  }
  throw new Error("a run ended without run-end");
}

const GROUNDINGS: Readonly<Record<RunEnd["grounding"], string>> = {
  grounded: "",
  "partly-grounded": "Only a part of this is supported by the documents.\n",
  ungrounded: "The documents do not support this.\n",
  "no-evidence": "No evidence: nothing in the documents answers this.\n",
};

/** Two codes say what was used; for a reader what is missing is something else. */
const MISSING: Readonly<Record<string, string>> = {
  extractive: "the model",
  llm_fallback_model: "the first model",
};

/** Nothing is missing then, but a doubt is there. */
const UNSURE = "uncertain";

/** That there is no evidence is what the text itself says, where there is one. */
function describeEnd(
  { grounding, degraded, truncated }: RunEnd,
  hasText: boolean,
  hint: string,
): string {
  const verdict = grounding === "no-evidence" && hasText ? "" : GROUNDINGS[grounding];
  const parts = degraded.filter((code) => code !== UNSURE).map((code) => MISSING[code] ?? code);
  const missing = parts.length === 0 ? "" : `Made without: ${parts.join(", ")}${hint}\n`;
  const unsure = degraded.includes(UNSURE)
    ? "It is not sure that these sentences answer the question.\n"
    : "";
  const cut = truncated === true ? "The model stopped at its token limit.\n" : "";
  return `${verdict}${unsure}${cut}${missing}`;
}

/** The value, each leaf with the passages it rests on, and what stands against it. */
function listValue({ output, outputChecks = [] }: RunEnd): string {
  if (output === undefined) return "";
  const checks = new Map(outputChecks.map((check) => [check.pointer, check]));
  const lines = layOut(output).map(({ depth, before, leaf, after }) => {
    const { verdict = "unchecked", citations = [] } = checks.get(leaf?.pointer ?? "?") ?? {};
    const labels = new Set(citations.map(({ label }) => `[${label}]`));
    const doubt = verdict === "weak" || verdict === "unsupported" ? [`(${verdict})`] : [];
    const notes = [...labels, ...doubt].map((note) => `  ${note}`).join("");
    return `${"  ".repeat(depth)}${before}${leaf?.text ?? ""}${after}${notes}`;
  });
  return lines.join("\n");
}

function listSources(passages: readonly Passage[]): string {
  if (passages.length === 0) return "";
  const lines = passages.map(({ label, title, location, collection, documentId }) => {
    const page = location.page === undefined ? "" : `, page ${location.page}`;
    return `  [${label}] ${toPath(title, location.headings)}  (${collection}: ${documentId}${page})\n`;
  });
  return `Sources\n${lines.join("")}`;
}

function listLegs(ledger: readonly Leg[]): string {
  const lines = ledger.map(
    ({ collection, retriever, status, code, startMs, endMs, found, kept }) => {
      const result =
        status === "found" ? `${found} found, ${kept} kept` : `${status} (${code ?? "?"})`;
      return `  ${`${collection}/${retriever}`.padEnd(28)} ${toMs(startMs)} to ${toMs(endMs)}  ${result}\n`;
    },
  );
  return `Legs\n${lines.join("")}`;
}

function listStages(timeline: readonly TimelineEntry[]): string {
  const lines = timeline.map(
    ({ stage, startMs, endMs, critical }) =>
      `  ${stage.padEnd(28)} ${toMs(startMs)} to ${toMs(endMs)}${critical ? "  *" : ""}\n`,
  );
  return `Timeline (* decided how long it took)\n${lines.join("")}`;
}

function toMs(ms: number): string {
  return `${ms.toFixed(1).padStart(8)} ms`;
}
