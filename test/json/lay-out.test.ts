import * as fc from "fast-check";
import { expect, test } from "vitest";
import { layOut } from "../../src/json/lay-out.ts";
import { parsePointer, readAt } from "../../src/json/pointer.ts";

const toText = (value: unknown): string =>
  layOut(value)
    .map(
      ({ depth, before, leaf, after }) =>
        `${"  ".repeat(depth)}${before}${leaf?.text ?? ""}${after}`,
    )
    .join("\n");

test("the lines are those of JSON.stringify, whatever the value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(toText(value)).toBe(JSON.stringify(value, undefined, 2));
    }),
  );
});

test("each leaf has the pointer to itself", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const { leaf } of layOut(value)) {
        if (leaf === undefined) continue;
        const found = readAt(value, parsePointer(leaf.pointer) ?? ["?"]);
        expect(JSON.stringify(found)).toBe(leaf.text);
      }
    }),
  );
});

test("a long value ends in a sign that there is more", () => {
  const lines = layOut(
    Array.from({ length: 50 }, (_, index) => index),
    10,
  );
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toEqual({ depth: 0, before: "…", after: "" });
});
