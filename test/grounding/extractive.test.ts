import { describe, expect, test } from "vitest";
import { extract, scoreSentences } from "../../src/grounding/extract/extractive.ts";
import { createSmallEmbedder, wordEmbedder } from "../support/collections.ts";
import { toPassage } from "../support/run.ts";
import { chooseFrom } from "../support/choose-from.ts";

const { signal } = new AbortController();
const jitter = "Retries use jitter so that clients do not come back at the same moment.";
const backoff = "Exponential backoff doubles the wait after every failure.";

describe("extraction", () => {
  test("chooses the sentence that answers, word for word, at its place in the document", async () => {
    const text = `${backoff} ${jitter}`;
    const passage = toPassage(1, text, { start: 1_000, end: 1_000 + text.length });
    const { chosen } = await extract("Why do retries use jitter?", [passage], wordEmbedder, signal);
    const best = chosen.find(({ candidate }) => candidate.text === jitter)?.candidate;
    expect(best?.start).toBe(1_000 + text.indexOf(jitter));
    expect(best?.end).toBe(1_000 + text.length);
  });

  test.each(["Who painted the Mona Lisa?", "xyzzy plugh?"])(
    "chooses nothing for %s",
    async (question) => {
      expect(await chooseFrom(question, toPassage(1, `${backoff} ${jitter}`))).toEqual([]);
    },
  );

  const mute: readonly (readonly [string, string])[] = [
    ["no text", ""],
    ["a heading", "# Why retries use jitter"],
    ["a lead-in", "Why retries use jitter:"],
    ["fenced code", `\`\`\`\n${jitter}\n\`\`\``],
    ["a table's frame", "| --- | --- |"],
    ["a table's header", "| Why | Retries use jitter |\n| --- | --- |"],
    ["too short a text", "Jitter."],
    ["an anchor", '<a id="why-retries-use-jitter"></a>'],
  ];
  test.each(mute)("has nothing to choose from in %s", async (_, text) => {
    const passages = [toPassage(1, text)];
    expect(
      await scoreSentences("Why do retries use jitter?", passages, wordEmbedder, signal),
    ).toEqual([]);
    expect(await chooseFrom("Why do retries use jitter?", ...passages)).toEqual([]);
  });

  test("does not quote a heading that its format keeps as a plain line", async () => {
    const text = `3. Why retries use jitter\n\n${jitter}`;
    const passage = toPassage(1, text, { location: { headings: ["3. Why retries use jitter"] } });
    expect(await chooseFrom("Why do retries use jitter?", passage)).toEqual([jitter]);
  });

  test("begins with what the best sentence stands in, and leaves a paragraph in its order", async () => {
    const before = "If the trial calls fail the breaker opens again.";
    const best = "A circuit breaker opens when the share of failures exceeds a threshold.";
    const question = "When does a circuit breaker open?";
    const list = toPassage(1, `- ${before}\n\n${best}`);
    expect(await chooseFrom(question, list)).toEqual([best, expect.stringContaining(before)]);
    const paragraph = toPassage(1, `${before} ${best}`);
    expect(await chooseFrom(question, paragraph)).toEqual([before, best]);
  });

  test("when something happens is told by what makes it happen, as well as by a time", async () => {
    const makes = "The valve of the boiler opens once the pressure is too high.";
    const other = "The valve of the boiler opens and closes by a spring of steel.";
    const passage = toPassage(1, `${other} ${makes}`);
    const question = "When does the valve of the boiler open?";
    const scored = await scoreSentences(question, [passage], wordEmbedder, signal);
    const [best] = scored.toSorted((a, b) => b.score - a.score);
    expect(best?.candidate.text).toBe(makes);
  });

  test("words that follow each other as in the question speak for a sentence", async () => {
    const meant = "The red panda sleeps in the tall trees of the valley all day.";
    const other = "The panda sleeps in a red house of the valley until noon.";
    const passage = toPassage(1, `${meant} ${other}`);
    const scored = await scoreSentences(
      "Where does the red panda sleep?",
      [passage],
      wordEmbedder,
      signal,
    );
    const [best] = scored.toSorted((a, b) => b.score - a.score);
    expect(best?.candidate.text).toBe(meant);
  });

  test("leaves out what stands in the same passage and is about something else", async () => {
    const text = `${jitter} The office has a new coffee machine. Lunch is served at noon in the large hall.`;
    expect(await chooseFrom("Why do retries use jitter?", toPassage(1, text))).toEqual([jitter]);
  });

  test("knows the names of the columns of a table that began in the passage before", async () => {
    const rows = ["| Sales | Tom Brandt | 1.02 |", "| IT | Aisha Rahman | 2.14 |"];
    const passage = toPassage(1, rows.join("\n"), { title: "Contacts" });
    const location = { headings: [], columns: "| Department | Head | Office |" };
    const question = "Who is the head of IT?";
    const { chosen } = await extract(question, [{ ...passage, location }], wordEmbedder, signal);
    expect(chosen.map(({ candidate }) => candidate.text)).toEqual(rows.slice(1));
    expect(chosen[0]?.candidate.header?.text).toBe(location.columns);
    const further = { documentId: "d1", chunkId: "d1#1", title: "Contacts", location };
    const next = toPassage(2, "| Logistics | Eva Lund | 3.01 |\n| Law | Al Gray | 1.07 |", further);
    expect(await chooseFrom(question, { ...passage, location }, next)).toEqual(rows.slice(1));
  });

  test("says nothing twice", async () => {
    const chosen = await chooseFrom(
      "Why do retries use jitter?",
      toPassage(1, jitter),
      toPassage(2, jitter),
    );
    expect(chosen).toEqual([jitter]);
  });

  test("sentences that differ in a not, a number or a name do not say the same", async () => {
    const twins = [
      ["An order can be cancelled until it is shipped.", "Shipped orders cannot be cancelled."],
      ["In 2022 the order price was 5 euros.", "In 2025 the order price was 7 euros."],
      [
        "The notice period of orders in Austria is long.",
        "The notice period of orders in Norway is long.",
      ],
    ] as const;
    const questions = [
      "Can shipped orders be cancelled?",
      "What was the order price?",
      "How long is the notice period of orders?",
    ];
    for (const [index, pair] of twins.entries()) {
      const chosen = await chooseFrom(questions[index] ?? "", toPassage(1, pair.join(" ")));
      expect(chosen.toSorted()).toEqual([...pair].toSorted());
    }
  });

  test("embeds in batches the embedder takes, and hands on the signal", async () => {
    const { embedder: small, sizes } = createSmallEmbedder();
    const passage = toPassage(
      1,
      `${jitter} ${backoff} A bounded queue rejects work when it is full.`,
    );
    await extract("Why do retries use jitter?", [passage], small, signal);
    // The question and three sentences; the question again, and the best one with those beside it; its two words, and each alone.
    expect(sizes).toEqual([1, 2, 1, 1, 1, 2, 1]);
    const aborted = AbortSignal.abort(new Error("stopped"));
    await expect(extract("Why?", [passage], small, aborted)).rejects.toThrow("stopped");
  });
});

test("a passage of hardly anything but blank lines is read in linear time", async () => {
  const passage = toPassage(1, `${"\n".repeat(2 ** 18)}Retries should use jitter.`);
  const { signal } = new AbortController();
  const scored = await scoreSentences("Why jitter?", [passage], wordEmbedder, signal);
  expect(scored.map(({ candidate }) => candidate.text)).toEqual(["Retries should use jitter."]);
});
