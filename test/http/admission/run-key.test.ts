import { expect, test } from "vitest";
import { toRunKey } from "../../../src/http/admission/run-key.ts";
import { toAsk } from "../../support/run.ts";

test("blanks, the form of letters, the order of collections and the deadline make no other question", () => {
  const one = toAsk("Où est le café?", { collections: ["a", "b"], deadlineMs: 1 });
  const other = toAsk(" Ou\u0300  est\nle cafe\u0301? ", {
    collections: ["b", "a"],
    deadlineMs: 2,
  });
  expect(toRunKey(other)).toBe(toRunKey(one));
  expect(toRunKey(toAsk("où est le café?", { collections: ["a", "b"] }))).not.toBe(toRunKey(one));
});
