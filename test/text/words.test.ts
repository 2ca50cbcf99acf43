import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFunctionStem, toContentStems, toWords } from "../../src/text/words.ts";

const cases: readonly (readonly [name: string, text: string, stems: readonly string[]])[] = [
  ["nothing", " .,! ", []],
  ["English, stemmed", "Retries doubled the waiting", ["retri", "doubl", "the", "wait"]],
  ["accents fold", "Café CAFÉ cafe\u0301", ["cafe", "cafe", "cafe"]],
  ["possessives go", "Ada's queues'", ["ada", "queue"]],
  ["numbers stay", "port 8787", ["port", "8787"]],
  ["Chinese by pairs", "重试抖动", ["重试", "试抖", "抖动"]],
  ["one character alone", "水", ["水"]],
  ["Cyrillic is not stemmed", "Очередь", ["очередь"]],
  ["Arabic", "ما هذا", ["ما", "هذا"]],
];

test("words of any length fill no memory", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const readHeap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = readHeap();
  for (let at = 0; at < 200; at += 1) toWords(`${at}${"1".repeat(200_000)}`);
  expect(readHeap() - before).toBeLessThan(20_000_000);
});

describe("words", () => {
  test.each(cases)("%s", (_, text, stems) => {
    expect(toWords(text).map(({ stem }) => stem)).toEqual(stems);
  });

  test("each stands where it says, in order", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        let at = 0;
        for (const { surface, start } of toWords(text)) {
          expect(text.startsWith(surface, start)).toBe(true);
          expect(start).toBeGreaterThanOrEqual(at);
          at = start;
        }
      }),
    );
  });

  test("reading a text twice gives the same words", () => {
    const text = "Retries 重试 and Ada's queues";
    expect(toWords(text)).toEqual(toWords(text));
  });

  test("function words carry no meaning, in any form they stand in", () => {
    expect([...toContentStems("What is it that they were doing with the queue?")]).toEqual([
      "queue",
    ]);
    expect(isFunctionStem("the")).toBe(true);
    expect(isFunctionStem("queue")).toBe(false);
  });
});
