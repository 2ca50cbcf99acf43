/** What is read to tell whether a sentence answers. */
import { describe, expect, test } from "vitest";
import { type Read, read, weigh } from "../../src/grounding/extract/answerability.ts";
import { compareWords, type There, weighStems } from "../../src/grounding/extract/likeness.ts";
import {
  ANSWERABLE_SURE,
  extract,
  scoreSentences,
  toInput,
} from "../../src/grounding/extract/extractive.ts";
import { createStaticEmbedder } from "../../src/models/static/static-embedder.ts";
import { loadStaticTable } from "../../src/node/load/load-static-table.ts";
import { toQuestionWords } from "../../src/text/question-words.ts";
import { toWords } from "../../src/text/words.ts";
import { createSmallEmbedder, wordEmbedder } from "../support/collections.ts";
import { toPassage } from "../support/run.ts";

const { signal } = new AbortController();
/** Knows no meaning: only spelling is left. */
const blind = {
  ...wordEmbedder,
  embed: (texts: readonly string[]) => Promise.resolve(texts.map(() => undefined)),
};

async function readFrom(question: string, ...texts: readonly string[]): Promise<Read> {
  const passages = texts.map((text, index) => toPassage(index + 1, text));
  const scored = await scoreSentences(question, passages, blind, signal);
  const best = scored.find(({ candidate }) => candidate.passage.label === 1);
  if (best === undefined) throw new Error("there is no sentence");
  return read(toInput(question, best, scored), blind, signal);
}

describe("names", () => {
  const other = "Ann Cole leads the second crew.";
  const cases: readonly (readonly [string, string, number])[] = [
    ["known to the passage", "When did the ship of Hall sail?", 1],
    ["misspelt", "When did the ship of Captein sail?", 1],
    ["known to another passage", "When did the ship of Cole sail?", 0.5],
    ["known to none", "When did the ship of Zimmer sail?", 0],
    ["one of two known", "When did the ship of Hall and Zimmer sail?", 0.5],
    ["none asked for, as many as on average", "when did the ship sail?", 0.85],
    ["a capital that any first word has", "Zimmer sail?", 0.85],
  ];
  test.each(cases)("%s", async (_, question, share) => {
    const { readings } = await readFrom(
      question,
      "Captain Hall took the ship to sea in May.",
      other,
    );
    expect(readings.names).toBe(share);
  });
});

function toThere(text: string): There {
  const words = toWords(text);
  return { words, known: new Set(words.map(({ stem }) => stem)) };
}

describe("likeness", () => {
  test("a stem that is there counts in full, a misspelt one for its share", async () => {
    const likeness = await compareWords(
      toWords("cannonballs rolled downhill"),
      toThere("Two canonballs were rolling"),
      blind,
      signal,
    );
    expect(likeness.get("roll")).toBe(1);
    expect(likeness.get("cannonbal")).toBeGreaterThan(0.8);
    expect(likeness.get("cannonbal")).toBeLessThan(1);
    expect(likeness.get("downhil")).toBeLessThan(0.6);
  });

  test("hands on the signal, and asks in batches that the embedder takes", async () => {
    const { embedder: small, sizes } = createSmallEmbedder();
    await compareWords(toWords("anchor"), toThere("two ships sail"), small, signal);
    expect(sizes).toEqual([2, 2]);
    const aborted = AbortSignal.abort(new Error("stopped"));
    const compared = compareWords(toWords("anchor"), toThere("ships"), wordEmbedder, aborted);
    await expect(compared).rejects.toThrow("stopped");
  });
});

describe("weights of stems", () => {
  const bundled = loadStaticTable().then(createStaticEmbedder);
  const weigh = async (question: string): Promise<readonly [string, number][]> => {
    const weights = await weighStems(toQuestionWords(question), await bundled, signal);
    return [...weights].toSorted((a, b) => b[1] - a[1]);
  };
  const heaviest = async (question: string): Promise<string | undefined> =>
    (await weigh(question))[0]?.[0];

  const cases: readonly (readonly [string, string])[] = [
    ["Where is prokaryotic life located?", "prokaryot"],
    ["Where does the molasses come from?", "molass"],
    ["What role does the veil of ignorance play?", "veil"],
  ];
  test.each(cases)("%s: %s carries most", async (question, stem) => {
    expect(await heaviest(question)).toBe(stem);
  });

  test("one word alone, and as many as tell nothing each, weigh the same", async () => {
    const many = Array.from({ length: 60 }, (_, at) => `word${String(at)}`).join(" ");
    expect(await weigh("molasses?")).toEqual([["molass", 1]]);
    expect(new Set((await weigh(many)).map(([, weight]) => weight))).toEqual(new Set([1]));
  });

  test("an embedder that knows no word of them leaves all the same", async () => {
    const weights = await weighStems(toWords("ships sail"), blind, signal);
    expect([...weights.values()]).toEqual([1, 1]);
  });
});

describe("weighing", () => {
  const perfect = {
    windowSimilarity: 1,
    known: 1,
    pairs: 1,
    names: 1,
    sentence: 1,
  };

  test("an objection outweighs whatever else was read", () => {
    const sure = weigh({ readings: perfect, objection: undefined, isForeign: false });
    const contradicted = weigh({ readings: perfect, objection: "contradicted", isForeign: false });
    expect(sure).toBeGreaterThan(0.8);
    expect(contradicted).toBeLessThan(0.3);
    expect(weigh({ readings: perfect, objection: "foreign", isForeign: false })).toBe(0);
  });

  test.each(Object.keys(perfect))("more of %s never speaks against an answer", (name) => {
    const less = { ...perfect, [name]: 0.2 };
    expect(weigh({ readings: less, objection: undefined, isForeign: false })).toBeLessThan(
      weigh({ readings: perfect, objection: undefined, isForeign: false }),
    );
  });

  test("a passage that comes closer to the question knows more of it", async () => {
    const embedder = createStaticEmbedder(await loadStaticTable());
    const knownTo = async (text: string): Promise<number> => {
      const question = "What does the doctor earn?";
      const scored = await scoreSentences(question, [toPassage(1, text)], embedder, signal);
      const [best] = scored;
      if (best === undefined) throw new Error("there is no sentence");
      const { readings } = await read(toInput(question, best, scored), embedder, signal);
      return readings.known;
    };
    const pay = await knownTo("The doctor takes home a fair wage.");
    const bolts = await knownTo("The doctor tightened two rusty bolts.");
    expect(pay).toBeGreaterThan(bolts);
    expect(pay).toBeLessThan(1);
  });

  test("an acronym that is spelt out counts as known", async () => {
    const spelt = await readFrom("Who is the COO of it?", "Its Chief Operating Officer is Ada.");
    const other = await readFrom("Who is the COO of it?", "Its chief of the offices is Ada.");
    expect(spelt.objection).toBeUndefined();
    expect(spelt.readings.known).toBe(1);
    expect(other.readings.known).toBeLessThan(1);
  });

  test("an acronym that no passage knows makes the question foreign", async () => {
    const { objection } = await readFrom("Who is the CEO of the crew?", "The crew has two ships.");
    expect(objection).toBe("foreign");
  });
});

test("what is asked of both is surely answered where each is told of", async () => {
  const games = [
    toPassage(1, "Aldin is a board game by Rita Knoll.", { title: "Aldin" }),
    toPassage(2, "Barro is a board game that was found in Thebes.", { title: "Barro" }),
  ];
  const embedder = createStaticEmbedder(await loadStaticTable());
  const question = "Are Aldin and Barro both board games?";
  const { chosen, answerable } = await extract(question, games, embedder, signal);
  expect(chosen.map(({ candidate }) => candidate.passage.label)).toEqual([1, 2]);
  expect(answerable).toBeGreaterThan(ANSWERABLE_SURE);
});
