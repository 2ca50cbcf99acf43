import { expect, test } from "vitest";
import { withoutReason } from "../../src/async/without-reason.ts";
import { AppError } from "../../src/errors.ts";

const reason = new AppError("cancelled", { detail: "the client left" });

test.each([
  ["before", true],
  ["later", false],
])("a signal that aborted %s is told on without why", (_, isBefore) => {
  const whole = new AbortController();
  if (isBefore) whole.abort(reason);
  const plain = withoutReason(whole.signal);
  expect(plain.aborted).toBe(isBefore);
  whole.abort(reason);
  expect(plain.aborted).toBe(true);
  expect(plain.reason).toMatchObject({ name: "AbortError" });
  expect(whole.signal.reason).toBe(reason);
});
