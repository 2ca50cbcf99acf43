/** A batch of a push where it arrives: what was sent, or the first line that is wrong. */
import { expect, test } from "vitest";
import { parsePushLines, toPushLine } from "../../src/stores/push-format.ts";
import { toDocument } from "../conformance/store-data.ts";

const [first, second] = [toDocument("a", ["red cats"]), toDocument("b", ["blue dogs"])];
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

test("a line that is wrong is named by its number", () => {
  expect(refusal(`${toPushLine(first)}\n{}`)).toMatchObject({
    code: "invalid_request",
    detail: expect.stringMatching(/^line 2 of the batch: id /),
  });
});

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
