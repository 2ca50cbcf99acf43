/** What the answer writer costs for each delta of a model: `node scripts/bench-writer.ts`. */
import type { Passage } from "../src/domain/event.ts";
import { createAnswerWriter } from "../src/grounding/answer-writer.ts";
import { readCommandLine } from "./command-line.ts";

readCommandLine("node scripts/bench-writer.ts", {});

const ANSWERS = 300;
const sentence = (index: number): string =>
  `The bounded queue number ${index % 7} holds 64 entries and rejects work when it is full, as Ada wrote [${(index % 8) + 1}]. `;
const answer = Array.from({ length: 20 }, (_, index) => sentence(index)).join("");
const deltas = answer.match(/\s?\S{1,6}/g) ?? [];
const secrets = ["0b7c5a0e-6a39-4c70-9d0c-5a1d3a1b7f55"];

for (const policy of ["flag", "withhold"] as const) {
  let spentMs = 0;
  for (let index = -50; index < ANSWERS; index += 1) {
    const passages = Array.from({ length: 8 }, (_, at) => toPassage(at + 1));
    const startMs = toMs(process.cpuUsage());
    const writer = createAnswerWriter({ passages, policy, secrets });
    for (const delta of deltas) writer.push(delta);
    writer.end();
    if (index >= 0) spentMs += toMs(process.cpuUsage()) - startMs; // the first ones warm up
  }
  const perDelta = (spentMs / ANSWERS / deltas.length) * 1e6;
  console.log(
    `${policy}: ${Math.round(perDelta)} ns a delta, ${(spentMs / ANSWERS).toFixed(2)} ms an answer of ${deltas.length} deltas`,
  );
}

function toPassage(label: number): Passage {
  const text = Array.from({ length: 10 }, (_, index) => sentence(index + label)).join("");
  return {
    label,
    chunkId: `d#${label}`,
    collection: "c",
    documentId: "d",
    title: "Queues",
    location: { headings: [] },
    start: 0,
    end: text.length,
    text,
    score: 1,
    trail: {},
    metadata: {},
  };
}

/** Processor time, so that a busy machine does not tell. */
function toMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}
