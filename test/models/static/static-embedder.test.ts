import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createStaticEmbedder } from "../../../src/models/static/static-embedder.ts";
import type { StaticTable } from "../../../src/models/static/table.ts";
import { loadStaticTable } from "../../../src/node/load/load-static-table.ts";

interface VectorCase {
  readonly text: string;
  readonly vector: readonly number[];
}

const expected = JSON.parse(
  readFileSync(new URL("vector-cases.json", import.meta.url), "utf8"),
) as readonly VectorCase[];

const embedder = createStaticEmbedder(await loadStaticTable());
const never = new AbortController().signal;

/** Two words at a right angle, the second twice as heavy, and one whose vector is nothing. */
const tinyTable: StaticTable = {
  name: "tiny-4",
  dimensions: 4,
  vocabulary: ["north", "east", "nothing"],
  scales: new Float32Array([0.5, 1, 0]),
  values: new Int8Array([100, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0]),
};
const tiny = createStaticEmbedder(tinyTable);

async function vectorOf(text: string, from = embedder): Promise<Float32Array | undefined> {
  const [vector] = await from.embed([text], "document", never);
  return vector;
}

function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (a === undefined || b === undefined) throw new Error("a text without a vector");
  return a.reduce((sum, component, d) => sum + component * (b[d] ?? 0), 0);
}

describe("the static embedder", () => {
  it("names its vector space after the table", () => {
    expect(embedder.id).toBe(`static:minilm-l6-v2-${embedder.dimensions}`);
    expect(tiny.id).toBe("static:tiny-4");
    expect(tiny.dimensions).toBe(4);
  });

  it.each(expected)("agrees with the reference over the same table: $text", async (one) => {
    const vector = await vectorOf(one.text);
    for (const [d, component] of (vector ?? []).entries()) {
      expect(component).toBeCloseTo(one.vector[d] ?? NaN, 5);
    }
    expect(vector?.length).toBe(one.vector.length);
  });

  it("weighs words by the length of their vectors and their number", async () => {
    const check = async (text: string, north: number, east: number) => {
      const vector = await vectorOf(text, tiny);
      const length = Math.hypot(north, east);
      expect(vector?.[0]).toBeCloseTo(north / length, 6);
      expect(vector?.[1]).toBeCloseTo(east / length, 6);
    };
    await check("north", 1, 0);
    await check("north east", 1, 2);
    await check("North, EAST north!", 2, 2);
  });

  it("gives no vector to a text without known words, and keeps the places of the others", async () => {
    const texts = ["north", "", "xyz", " \u0000", "nothing", "east"];
    const vectors = await tiny.embed(texts, "document", never);
    expect(vectors.map((vector) => vector !== undefined)).toEqual([
      true,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it("lets unknown words add nothing", async () => {
    const known = await vectorOf("north east", tiny);
    expect(await vectorOf("north xyz \u{1f680} east zzz", tiny)).toEqual(known);
  });

  it("brings nearer what is closer in meaning", async () => {
    const question = await vectorOf("How do I return a product that I bought?");
    const near = await vectorOf("Refunds: send the purchase back within thirty days.");
    const far = await vectorOf("The glacier has lost half of its ice since 1950.");
    expect(cosine(question, near)).toBeGreaterThan(cosine(question, far) + 0.1);
  });

  it("gives any text a finite vector of unit length, or none, and the same one each time", async () => {
    const codePoint = fc.oneof(fc.nat(0x7f), fc.nat(0x2fff), fc.nat(0x10ffff));
    await fc.assert(
      fc.asyncProperty(fc.array(codePoint, { maxLength: 300 }), async (points) => {
        const text = String.fromCodePoint(...points);
        const vector = await vectorOf(text);
        const length = vector === undefined ? 1 : Math.sqrt(cosine(vector, vector));
        expect(length).toBeCloseTo(1, 5);
        expect(vector?.length ?? embedder.dimensions).toBe(embedder.dimensions);
        expect(await vectorOf(text)).toEqual(vector);
      }),
    );
  });

  it("gives the same vector alone and in a batch, as a question and as a document", async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `text ${index} about rivers and banks`);
    const together = await embedder.embed(texts, "query", never);
    for (const index of [0, 99, 199]) {
      expect(await vectorOf(texts[index] ?? "")).toEqual(together[index]);
    }
  });

  it("takes a text of several slices whole, with blanks or without", async () => {
    const short = await vectorOf("north east", tiny);
    expect(cosine(await vectorOf("north east ".repeat(30_000), tiny), short)).toBeCloseTo(1, 6);
    expect(await vectorOf("\u4e00".repeat(300_000), tiny)).toBeUndefined();
  });

  it("keeps calls that run at the same time apart", async () => {
    const filler = "north ".repeat(9_000);
    const [first, second] = await Promise.all([
      tiny.embed([filler, filler, "east"], "document", never),
      tiny.embed([filler, filler, "north"], "document", never),
    ]);
    expect(first[2]?.[0]).toBe(0);
    expect(second[2]?.[0]).toBe(1);
  });

  it("refuses more texts than a call may have", async () => {
    const texts = Array.from({ length: tiny.batchMax + 1 }, () => "north");
    await expect(tiny.embed(texts, "document", never)).rejects.toThrow(/1025 texts in one call/u);
  });

  it("does nothing for a caller who has already left", async () => {
    const reason = new Error("left");
    await expect(tiny.embed(["north"], "query", AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it("gives way to other work in a big batch, and stops when the caller leaves", async () => {
    const reason = new Error("left");
    const controller = new AbortController();
    const texts = Array.from({ length: 1_000 }, () => "north by northeast ".repeat(100));
    const embedding = embedder.embed(texts, "document", controller.signal);
    // Comes to its turn only because the embedder gives way; the abort then ends the batch early.
    const leaving = sleep(1).then(() => controller.abort(reason));
    await expect(embedding).rejects.toBe(reason);
    await leaving;
  });
});
