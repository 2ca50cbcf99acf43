/** Questions that name what does not exist, or put a condition that cannot be checked: the caller is told, whatever would have been found. */
import { expect, test } from "vitest";
import { Filter } from "../../src/domain/filter.ts";
import type { Leg } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import { checkLegs } from "../../src/retrieval/check-legs.ts";
import { chooseSnapshots } from "../../src/retrieval/choose-snapshots.ts";
import type { Opened } from "../../src/retrieval/open-collections.ts";
import type { Snapshot } from "../../src/stores/store.ts";
import { makeInfo } from "../support/app.ts";
import { toAsk } from "../support/run.ts";

function thrownBy(work: () => unknown): AppError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  return expect.unreachable("nothing was thrown");
}

const open = (name: string, metadata: Snapshot["info"]["metadata"] = {}): Opened => ({
  collection: name,
  snapshot: { info: { ...makeInfo(name), metadata } } as Snapshot,
});

test.each([
  [{ field: "page", op: "eq", value: "1" }, "page: it holds a number"],
  [{ field: "title", op: "has", value: "x" }, "a list field"],
  [{ field: "title", op: "eq", value: true }, "it holds a string"],
  [{ field: "metadata.constructor", op: "eq", value: "x" }, "metadata field constructor"],
])("a filter that no collection can check is refused: %j", (filter, why) => {
  const error = thrownBy(() => chooseSnapshots([open("a"), open("b")], Filter.parse(filter)));
  expect(error.code).toBe("invalid_filter");
  expect(error.detail).toContain(why);
});

test("a filter that one of them can check is checked there", () => {
  const filter = Filter.parse({ field: "metadata.year", op: "eq", value: 2_024 });
  const opened = [open("a", { year: "string" }), open("b", { year: "number" }), open("c")];
  const { snapshots, passedOver } = chooseSnapshots(opened, filter);
  expect(snapshots.map(({ info }) => info.name)).toEqual(["a", "b"]);
  expect(passedOver).toEqual([{ collection: "c", why: "filter_field_unknown" }]);
});

test("where every leg failed the first that says why is told, with the soonest time to try again", () => {
  const name = { collection: "guide", status: "failed" } as const;
  const late = new AppError("deadline_exceeded", { detail: "ask again with more time" });
  const results = [
    {
      leg: { ...name, status: "timed-out", retriever: "vector" } as Leg,
      hits: [],
      error: late,
    },
    { leg: { ...name, retriever: "keyword" } as Leg, hits: [], error: new AppError("internal") },
    ...[9_000, 5_000].map((retryAfterMs) => ({
      leg: { ...name, retriever: "vector" } as Leg,
      hits: [],
      error: new AppError("store_unavailable", {
        detail: `check LANCE_URL ${retryAfterMs}`,
        retryAfterMs,
      }),
    })),
  ];
  const { code, detail, retryAfterMs } = thrownBy(() => checkLegs(results, toAsk("jitter?")));
  expect([code, detail, retryAfterMs]).toEqual([
    "store_unavailable",
    "check LANCE_URL 9000",
    5_000,
  ]);
});

test("a required collection that does not exist is the caller's mistake", () => {
  const leg = { collection: "guide", retriever: "keyword", status: "found" } as Leg;
  const asked = toAsk("jitter?");
  const ask = { ...asked, retrieval: { ...asked.retrieval, require: ["nope"] } };
  const error = thrownBy(() => checkLegs([{ leg, hits: [] }], ask));
  expect(error.code).toBe("collection_not_found");
  expect(error.detail).toContain("nope; there are: guide");
});

test("a required collection of which a part did not answer is missing", () => {
  const name = { collection: "guide", retriever: "keyword", status: "found" } as const;
  const ask = toAsk("jitter?", { retrieval: { require: ["guide"] } });
  const check = (leg: object) => checkLegs([{ leg: { ...name, ...leg } as Leg, hits: [] }], ask);
  expect(thrownBy(() => check({ code: "store_unavailable" })).code).toBe("collection_unavailable");
  expect(() => check({})).not.toThrow();
});
