/** Random worlds of documents that come, grow, shrink and go: nothing is left over, and the statistics are those of a recount. */
import { expect, test } from "vitest";
import { createRandom, pick, type Random } from "../../../scripts/chaos/random.ts";
import type { CollectionWriter } from "../../../src/stores/store.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";
import { createTestStore, openTestStore } from "./test-store.ts";

const signal = new AbortController().signal;
const STEPS = 25;
const SEEDS = [1, 2, 3];
/** In several scripts, some beyond the 16 bits of a code unit, so that the orders of bytes and of code units differ. */
const WORDS =
  "running runs ran flying naïve straße ﬁx ｚebra 𝒳 𐐀bc λόγος 東京 x1 x2 x3 x4 x5".split(" ");
const IDS = ["a", "b", "a#1", "c d", "é"];

type World = Map<string, readonly string[]>;

test.each(SEEDS)("world %i", async (seed) => {
  const random = createRandom(seed);
  const { store, folder } = await createTestStore();
  let writer = await store.create(spec, signal);
  const world: World = new Map();
  for (let step = 0; step < STEPS; step += 1) {
    await change(writer, world, random);
    if (random() < 0.4) await writer.index(signal);
    if (random() < 0.1) await writer.optimize(signal);
    if (random() < 0.3) {
      await writer.close();
      writer = await (await openTestStore(folder)).openWriter(spec.name, signal);
    }
    const stored = [...(await writer.documents(signal)).values()];
    const counts = new Map(stored.map(({ id, chunks }) => [id, chunks]));
    expect(counts).toEqual(new Map([...world].map(([id, texts]) => [id, texts.length])));
  }
  await writer.index(signal);
  expect(await writer.verify(signal)).toEqual([]);
  const snapshot = await store.open(spec.name, signal);
  const texts = [...world.values()].flat();
  for (const word of ["x1", "x2", "x3", "x4", "x5"]) {
    const { frequencies } = await snapshot.terms(word, signal);
    const holding = texts.filter((text) => text.split(" ").includes(word)).length;
    expect([word, ...frequencies.values()]).toEqual([word, holding]);
  }
  await writer.close();
});

/** Several documents are put and removed in one commit. */
async function change(writer: CollectionWriter, world: World, random: Random): Promise<void> {
  const ids = IDS.filter(() => random() < 0.5);
  const gone = ids.filter((id) => world.has(id) && random() < 0.3);
  const put = ids.filter((id) => !gone.includes(id));
  const texts = new Map(put.map((id) => [id, toTexts(random)]));
  const documents = [...texts].map(([id, own]) => toDocument(id, own, { title: "Title" }));
  await writer.commit({ put: documents, remove: gone }, signal);
  for (const id of gone) world.delete(id);
  for (const [id, own] of texts) world.set(id, own);
}

function toTexts(random: Random): readonly string[] {
  const words = WORDS as [string, ...string[]];
  const chunks = 1 + Math.floor(random() * 5);
  return Array.from({ length: chunks }, () =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(words, random)).join(" "),
  );
}
