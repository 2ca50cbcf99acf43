/**
 * Measures what a client sees of models that cite well, badly and maliciously: `node
 * scripts/eval-citations.ts <set folder> ...`. The models are scripted: they know the gold sentence. Fails where a
 * marker or a citation is shown that points nowhere, or a claim unmarked whose numbers and names its passages do not
 * hold, and where of what a model cites well too little is shown.
 */
import pMap from "p-map";
import { generate } from "../src/agent/generate.ts";
import { systemClock } from "../src/async/clock.ts";
import type { Citation, Passage, RunEvent } from "../src/domain/event.ts";
import type { ChatModel } from "../src/models/model.ts";
import { startRun } from "../src/run.ts";
import { silentLog } from "../src/telemetry/log.ts";
import { splitSentences } from "../src/text/sentences.ts";
import { type EvalQuery, type EvalSet, readSet } from "./eval/beir.ts";
import { type AnswerContext, OWN_COLLECTIONS, withSet } from "./eval/evaluate-set.ts";
import { findPassages } from "./eval/find-passages.ts";
import { listFolders } from "./eval/missing.ts";
import { toAsk } from "./eval/to-ask.ts";

const MODELS = {
  "cites well": (gold: string, label: number) => `${gold} [${label}]`,
  "cites badly": (gold: string, label: number) =>
    `${gold} [${label}, 77] ${gold.replaceAll(/\d/g, "7")} [^${label + 1}] It is so [0][99]. In 1066, King Arthur agreed 【${label}†x】.`,
  "is malicious": (gold: string, label: number) =>
    `![x](https://e.example/?q=1) ${gold} [[9]${label}] [${label}](https://e.example) <img src=x> [9[8]7] The code is 4711 [${label}].`,
} as const;
/** An address, as it is shown: broken, so that it leads nowhere. */
const ADDRESS = /https?: ?\/\/\S+/g;

type ModelName = keyof typeof MODELS;

/** Least precision and recall of what a model that cites well is shown to cite. */
const RATE_MIN = 0.85;

interface Tally {
  answers: number;
  cited: number;
  relevant: number;
  found: number;
  invalid: number;
  sentences: number;
  /** Sentences that are not marked unsupported although a number or name is missing in what they cite. */
  unsound: number;
}

for (const folder of listFolders("node scripts/eval-citations.ts <set folder> ...")) {
  const set = await readSet(folder);
  await withSet(set, OWN_COLLECTIONS, async (context) => {
    for (const name of Object.keys(MODELS) as ModelName[])
      report(set.name, name, await run(set, name, context));
  });
}

function report(set: string, model: ModelName, tally: Tally): void {
  const { answers, cited, relevant, found, invalid, sentences, unsound } = tally;
  const [precision, recall] = [relevant / cited, found / answers];
  const rates = `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`;
  console.log(
    `${set}, a model that ${model}: ${answers} answers, ${rates}, invalid ${invalid}; ${sentences} sentences with citations, unsound and not marked ${unsound}`,
  );
  if (invalid + unsound > 0) {
    fail("markers that point nowhere, or claims that their passages do not hold, are shown");
  }
  // Where a model cites badly on purpose, its precision is not ours. Without citations there is none, which is low.
  const isGood = (model !== "cites well" || precision >= RATE_MIN) && recall >= RATE_MIN;
  if (!isGood) fail("citations of the right passages are lost, or others are shown");
}

function fail(what: string): void {
  console.error(`LOW: ${what}`);
  process.exitCode = 1;
}

async function run(set: EvalSet, name: ModelName, context: AnswerContext): Promise<Tally> {
  const tally = {
    answers: 0,
    cited: 0,
    relevant: 0,
    found: 0,
    invalid: 0,
    sentences: 0,
    unsound: 0,
  };
  const judged = set.queries.filter(({ _id }) => set.judgments.has(_id));
  await pMap(judged, (query) => ask(query, { set, name, context, tally }), { concurrency: 4 });
  return tally;
}

interface Asking {
  readonly set: EvalSet;
  readonly name: ModelName;
  readonly context: AnswerContext;
  readonly tally: Tally;
}

async function ask(query: EvalQuery, { set, name, context, tally }: Asking): Promise<void> {
  const passages = await findPassages(context, toAsk(query, context));
  const judgments = set.judgments.get(query._id);
  const gold = findGold(
    query,
    passages.filter(({ documentId }) => (judgments?.get(documentId) ?? 0) > 0),
  );
  if (gold === undefined) return;
  const events = await write(query, passages, MODELS[name](gold.sentence, gold.label), context);
  const byLabel = new Map(passages.map((passage) => [passage.label, passage]));
  const labels = new Set(events.flatMap((one) => (one.type === "citation" ? [one.label] : [])));
  const documents = [...labels].map((label) => byLabel.get(label)?.documentId ?? "");
  const relevant = documents.filter((id) => (judgments?.get(id) ?? 0) > 0).length;
  tally.answers += 1;
  tally.cited += documents.length;
  tally.relevant += relevant;
  tally.found += relevant > 0 ? 1 : 0;
  const text = events.map((one) => (one.type === "text-delta" ? one.text : "")).join("");
  tally.invalid += [...text.matchAll(/\[(\d+)\]/g)].filter(
    ([, digits]) => !byLabel.has(Number(digits)),
  ).length;
  tally.invalid += events.filter(
    (one) => one.type === "citation" && !resolves(one, byLabel),
  ).length;
  for (const event of events) {
    if (event.type !== "sentence-check" || event.labels.length === 0) continue;
    tally.sentences += 1;
    const cited = event.labels.flatMap((label) => byLabel.get(label) ?? []);
    const isSound = holdsExact(text.slice(event.start, event.end), cited);
    if (!isSound && event.verdict !== "unsupported") tally.unsound += 1;
  }
}

/** Does it lead to a place within the text that its label was shown with? */
function resolves({ label, evidence }: Citation, byLabel: ReadonlyMap<number, Passage>): boolean {
  const { documentId, start, end } = byLabel.get(label) ?? {};
  if (documentId !== evidence.documentId || start === undefined || end === undefined) return false;
  return start <= evidence.start && evidence.start < evidence.end && evidence.end <= end;
}

/** Are all numbers and names of the sentence in some cited passage? Read by digits and capitals alone, apart from the check itself. */
function holdsExact(sentence: string, cited: readonly Passage[]): boolean {
  const claim = sentence.replaceAll(/\s*\[\d+\]/g, "").replaceAll(ADDRESS, "");
  const exact = [
    ...(claim.match(/\d+/g) ?? []),
    ...(claim.match(/(?<=\p{Ll},? )\p{Lu}\p{Ll}{2,}/gu) ?? []),
  ];
  const texts = cited.map(({ title, location, text }) =>
    [title, ...location.headings, text].join(" ").toLowerCase(),
  );
  return exact.every((one) => texts.some((text) => text.includes(one.toLowerCase())));
}

function findGold(
  { metadata }: EvalQuery,
  passages: readonly Passage[],
): { readonly sentence: string; readonly label: number } | undefined {
  const answers = [metadata["selected_sentences"] ?? metadata["answers"]].flat(3).map(String);
  for (const { text, label } of passages) {
    for (const { start, end } of splitSentences(text)) {
      const sentence = text.slice(start, end);
      if (answers.some((answer) => sentence.includes(answer))) return { sentence, label };
    }
  }
  return undefined;
}

async function write(
  { text }: EvalQuery,
  passages: readonly Passage[],
  answer: string,
  { config }: AnswerContext,
): Promise<readonly RunEvent[]> {
  const chat: ChatModel = {
    id: "scripted",
    async *stream() {
      await Promise.resolve();
      for (const piece of answer.match(/[^]{1,5}/g) ?? [])
        yield { type: "text", text: piece } as const;
      yield { type: "finish", reason: "stop" } as const;
    },
  };
  const events: RunEvent[] = [];
  const run = startRun({
    config,
    clock: systemClock,
    log: silentLog,
    deadlineMs: 30_000,
    parent: new AbortController().signal,
    emit: async (event) => {
      events.push(event);
      await Promise.resolve();
    },
  });
  using _ = run.deadline;
  await generate(chat, text, passages, { run, policy: "flag", progress: { shown: false } });
  return events;
}
