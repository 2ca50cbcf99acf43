/** A batch of a push where it arrives: what was sent, or the first line that is wrong. */
import { expect, test } from "vitest";
import { parsePushLines, toPushLine } from "../../src/stores/push-format.ts";
import { toDocument } from "../conformance/store-data.ts";

const [first, second] = [
  toDocument("a", ["red cats"]),
  toDocument("b", ["blue dogs", "no vector"], { seeds: [1, null] }),
];
const refusal = (text: string): unknown => {
  try {
    return parsePushLines(text);
  } catch (thrown) {
    return thrown;
  }
};

test("every line is a document, with its vectors to the bit", () => {
  expect(parsePushLines([first, second].map(toPushLine).join("\n"))).toEqual([first, second]);
});

const whole = JSON.parse(toPushLine(first)) as { readonly chunks: readonly { chunk: object }[] };
const chunk = whole.chunks[0]?.chunk;
const withChunk = (own: object): object => ({
  ...whole,
  chunks: [...whole.chunks, { chunk: { ...chunk, ...own }, vector: null }],
});

test.each<readonly [string, unknown, string]>([
  ["no JSON", "{", " is no JSON object"],
  ["no document", 5, " is no JSON object"],
  ["nothing of one", {}, ": id is not what it must be"],
  ["a list for metadata", { ...whole, metadata: [] }, ": metadata is not what it must be"],
  ["no metadata", { ...whole, metadata: null }, ": metadata is not what it must be"],
  [
    "metadata that cannot be",
    { ...whole, metadata: { a: [1] } },
    ": metadata is not what it must be",
  ],
  ["no chunks", { ...whole, chunks: null }, ": chunks is not what it must be"],
  [
    "chunks that are none, told by the first",
    { ...whole, chunks: Array(9).fill(0) },
    ": chunk 0 is no JSON object",
  ],
  [
    "a heading that is no text",
    withChunk({ location: { headings: [1] } }),
    ": chunk 1: chunk.location.headings is not what it must be",
  ],
  [
    "a place that is none",
    withChunk({ position: -1 }),
    ": chunk 1: chunk.position is not what it must be",
  ],
])(
  "a line that is wrong is named by its number, and by its first fault alone: %s",
  (_, line, words) => {
    const text = typeof line === "string" ? line : JSON.stringify(line);
    expect(refusal(`${toPushLine(first)}\n${text}`)).toMatchObject({
      code: "invalid_request",
      detail: `line 2 of the batch${words}`,
    });
  },
);

test.each(["AAAAAAA=", "AA", "not base64"])(
  "a vector %s is none, and its chunk is named",
  (vector) => {
    const line = toPushLine(first).replace(
      /"vector":"[^"]+"/,
      JSON.stringify({ vector }).slice(1, -1),
    );
    expect(refusal(line)).toMatchObject({
      code: "invalid_request",
      detail: "chunk a#0: the vector is not 32-bit floats in Base64",
    });
  },
);
