/** What further sentences are quoted beside the best one: none of another company where one is named. */
import { describe, expect, test } from "vitest";
import { chooseFrom } from "../support/choose-from.ts";
import { toPassage } from "../support/run.ts";

const nordkraft = toPassage(
  1,
  "The CEO of Nordkraft AG is elected by its board, as the statutes of Nordkraft say.",
);
const southern = "The CEO of Südwerk GmbH is Paul Huber.";

describe("beside a sentence about the company that is asked for", () => {
  test.each(["Who is the CEO of Nordkraft AG?", "who is the ceo of nordkraft"])(
    "%s is not answered with the CEO of another one",
    async (question) => {
      expect(
        await chooseFrom(question, nordkraft, toPassage(2, southern, { score: 0.95 })),
      ).toEqual([nordkraft.text]);
    },
  );

  test("nor where only what is told of the other one has the acronym that is asked of each", async () => {
    const mention = toPassage(1, "Nordkraft AG opens a plant for pumps in Oslo in May.");
    const chosen = await chooseFrom(
      "Who is the CEO of Nordkraft AG?",
      mention,
      toPassage(2, southern, { score: 0.9 }),
    );
    expect(chosen).toEqual([mention.text]);
  });

  test("what another document says of it is quoted, by its title too", async () => {
    const other = "The CEO of the company is Ingrid Solheim since the spring.";
    for (const title of ["Nordkraft AG", "Who leads Nordkraft AG"]) {
      const second = toPassage(2, other, { score: 0.95, title });
      expect(await chooseFrom("Who is the CEO of Nordkraft AG?", nordkraft, second)).toContain(
        other,
      );
    }
  });

  test("what the same document says elsewhere is quoted", async () => {
    const second = toPassage(2, southern, { score: 0.95, documentId: nordkraft.documentId });
    expect(await chooseFrom("Who is the CEO of Nordkraft AG?", nordkraft, second)).toContain(
      southern,
    );
  });

  test("what speaks of another name of the question is quoted", async () => {
    const question = "Is the CEO of Nordkraft AG also the CEO of Südwerk GmbH?";
    expect(
      await chooseFrom(question, nordkraft, toPassage(2, southern, { score: 0.95 })),
    ).toContain(southern);
  });
});

describe("in German, where every noun has a capital", () => {
  test.each([
    [
      "Wie lang ist die Kündigungsfrist für den Vertrag?",
      "Die Kündigungsfrist für den Vertrag beträgt drei Monate.",
      "Die Kündigungsfrist beträgt in der Probezeit zwei Wochen.",
    ],
    [
      "Wann ist die Kasse am Montag geöffnet?",
      "Die Kasse ist am Montag von 9 bis 12 Uhr geöffnet.",
      "Die Kasse ist nachmittags von 14 bis 18 Uhr geöffnet.",
    ],
  ])("%s: what lacks a mere noun is quoted", async (question, best, further) => {
    const second = toPassage(2, further, { score: 0.95 });
    expect(await chooseFrom(question, toPassage(1, best), second)).toEqual([best, further]);
  });

  test.each([
    "Wer ist der Geschäftsführer der Nordkraft AG?",
    "Wer ist Geschäftsführer bei Nordkraft?",
  ])("%s is not answered with that of another one", async (question) => {
    const best = toPassage(1, "Die Nordkraft AG eröffnet im Mai ein Werk für Pumpen in Oslo.");
    const second = toPassage(2, "Der Geschäftsführer der Südwerk GmbH ist Paul Huber.", {
      score: 0.95,
    });
    expect(await chooseFrom(question, best, second)).toEqual([best.text]);
  });
});
