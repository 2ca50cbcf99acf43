/**
 * Measures the sentence check on labelled pairs made of evaluation sets: `node scripts/eval-checks.ts
 * <set folder> ...`. A gold sentence with its passage is supported; the same sentence with a number, a name
 * or its negation swapped, or with another passage, is not. Odd questions are for fitting, even ones for
 * reporting. Fails where the check misses its goals on numbers, names and passages.
 */
import { checkSentence, type Verdict } from "../src/grounding/check/check-sentence.ts";
import { readEvidence } from "../src/grounding/check/evidence.ts";
import { splitSentences } from "../src/text/sentences.ts";
import { type EvalDocument, type EvalSet, readSet } from "./eval/beir.ts";
import { listFolders } from "./eval/missing.ts";
import { createSwaps, SWAPS, type Swap } from "./eval/swaps.ts";

interface Pair {
  readonly kind: "supported" | "paraphrase" | Swap;
  readonly half: "fit" | "report";
  readonly sentence: string;
  readonly document: EvalDocument;
}

/** Least of what is marked that is wrong, and of what is wrong that is marked. */
const PRECISION_MIN = 0.95;
const RECALL_MIN = 0.85;

for (const folder of listFolders("node scripts/eval-checks.ts <set folder> ..."))
  report(await readSet(folder));

function report(set: EvalSet): void {
  const pairs = toPairs(set);
  for (const half of ["fit", "report"] as const) {
    const own = pairs.filter((pair) => pair.half === half);
    console.log(`\n${set.name}, ${half}: ${own.length} pairs`);
    console.log("kind          pairs  supported  weak  unsupported");
    const kinds = ["supported", "paraphrase", ...SWAPS] as const;
    const counts = new Map(kinds.map((kind) => [kind, count(own, kind)]));
    for (const [kind, { all, supported, weak, unsupported }] of counts) {
      const cells = [supported, weak, unsupported].map((n) => (n / (all || 1)).toFixed(3));
      console.log(`${kind.padEnd(13)} ${String(all).padStart(5)}  ${cells.join("  ")}`);
    }
    const hard = (["number", "name", "passage"] as const).map((kind) => counts.get(kind));
    const caught = hard.reduce((sum, one) => sum + (one?.unsupported ?? 0), 0);
    const swapped = hard.reduce((sum, one) => sum + (one?.all ?? 0), 0);
    const wrong = counts.get("supported")?.unsupported ?? 0;
    const [precision, recall] = [caught / (caught + wrong), caught / swapped];
    console.log(
      `unsupported on number, name and passage swaps: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
    );
    // Where nothing is marked there is no precision, which is low.
    if (precision >= PRECISION_MIN && recall >= RECALL_MIN) continue;
    console.error("LOW: too little of what is wrong is marked, or too much of what is right");
    process.exitCode = 1;
  }
}

function count(pairs: readonly Pair[], kind: Pair["kind"]): Record<Verdict | "all", number> {
  const counts = { all: 0, supported: 0, weak: 0, unsupported: 0 };
  for (const { sentence, document } of pairs.filter((pair) => pair.kind === kind)) {
    counts.all += 1;
    counts[checkSentence(sentence, [readEvidence(document.text, document.title)])] += 1;
  }
  return counts;
}

function toPairs(set: EvalSet): readonly Pair[] {
  const byId = new Map(set.documents.map((document) => [document._id, document]));
  const { swap } = createSwaps(set.documents);
  const judged = set.queries.filter(({ _id }) => set.judgments.has(_id));
  return judged.flatMap((query, index): readonly Pair[] => {
    const half = index % 2 === 0 ? "report" : "fit";
    const [id] = [...(set.judgments.get(query._id) ?? [])].find(([, grade]) => grade > 0) ?? [];
    const document = byId.get(id ?? "");
    if (document === undefined) return [];
    const golds = toGolds(query.metadata["selected_sentences"] ?? query.metadata["answers"]);
    const sentence = splitSentences(document.text)
      .map(({ start, end }) => document.text.slice(start, end))
      .find((one) => golds.some((gold) => one.includes(gold)));
    if (sentence === undefined) return [];
    const swaps = SWAPS.flatMap((kind): readonly Pair[] => {
      if (kind === "passage") {
        const other = set.documents[(set.documents.indexOf(document) + 1) % set.documents.length];
        return other === undefined ? [] : [{ kind, half, sentence, document: other }];
      }
      const changed = swap(kind, sentence, document);
      return changed === undefined ? [] : [{ kind, half, sentence: changed, document }];
    });
    // Where answers are written by people from the passage, their sentences are supported too.
    const written =
      query.metadata["selected_sentences"] === undefined ? [] : toGolds(query.metadata["answers"]);
    const paraphrases = written.flatMap((text) =>
      splitSentences(text).map(({ start, end }): Pair => {
        return { kind: "paraphrase", half, sentence: text.slice(start, end), document };
      }),
    );
    return [{ kind: "supported", half, sentence, document }, ...paraphrases, ...swaps];
  });
}

function toGolds(answers: unknown): readonly string[] {
  return Array.isArray(answers) ? answers.flatMap(toGolds) : [String(answers)];
}
