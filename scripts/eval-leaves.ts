/**
 * Measures the check of a structured output's leaves on the short answers of evaluation sets: `node
 * scripts/eval-leaves.ts <set folder> ...`. The gold answer with its passage is borne out; the answer of
 * another question, and the same answer with the next passage, are not, unless they stand there too.
 */
import { checkOutput } from "../src/grounding/check/check-output.ts";
import type { LeafCheck } from "../src/domain/event.ts";
import { type EvalDocument, readSet } from "./eval/beir.ts";
import { listFolders } from "./eval/missing.ts";

const KINDS = ["gold", "answer", "passage"] as const;
type Verdicts = Record<LeafCheck["verdict"], number>;

for (const folder of listFolders("node scripts/eval-leaves.ts <set folder> ...")) {
  const { name, counts } = await measure(folder);
  console.log(`\n${name}\nswapped    leaves  supported  weak   unsupported`);
  for (const [kind, { supported, weak, unsupported, unchecked }] of counts) {
    const all = supported + weak + unsupported + unchecked;
    const shares = [supported, weak, unsupported].map((n) => (n / (all || 1)).toFixed(3));
    console.log(`${kind.padEnd(10)} ${String(all).padStart(6)}  ${shares.join("      ")}`);
  }
}

async function measure(folder: string) {
  const { name, documents, queries, judgments } = await readSet(folder);
  const byId = new Map(documents.map((document) => [document._id, document]));
  const asked = queries.flatMap((query) => {
    const [id] = [...(judgments.get(query._id) ?? [])].find(([, grade]) => grade > 0) ?? [];
    const document = byId.get(id ?? "");
    const answers: unknown = query.metadata["answers"];
    const gold = (Array.isArray(answers) ? (answers as unknown[]) : []).find(
      (answer) => typeof answer === "string" && document?.text.includes(answer),
    );
    return document === undefined || typeof gold !== "string"
      ? []
      : [{ question: query.text, document, gold }];
  });
  const counts = new Map<(typeof KINDS)[number], Verdicts>(
    KINDS.map((kind) => [kind, { supported: 0, weak: 0, unsupported: 0, unchecked: 0 }]),
  );
  for (const [index, { question, document, gold }] of asked.entries()) {
    const other = asked[(index + 1) % asked.length];
    const next = documents[(documents.indexOf(document) + 1) % documents.length];
    const tries = [
      ["gold", gold, document],
      ["answer", other?.gold, document],
      ["passage", gold, next],
    ] as const;
    for (const [kind, answer, place] of tries) {
      if (answer === undefined || place === undefined) continue;
      if (kind !== "gold" && place.text.toLowerCase().includes(answer.toLowerCase())) continue;
      const own = counts.get(kind);
      if (own !== undefined) own[check(question, answer, place)] += 1;
    }
  }
  return { name, counts };
}

function check(question: string, answer: string, { title, text }: EvalDocument) {
  const passage = {
    label: 1,
    chunkId: "d#0",
    collection: "c",
    documentId: "d",
    title,
    location: { headings: [] },
    start: 0,
    end: text.length,
    text,
    score: 1,
    trail: {},
    metadata: {},
  };
  const value = { answer };
  const { checks } = checkOutput({ value, schema: {}, question, passages: [passage] });
  return checks[0]?.verdict ?? "unchecked";
}
