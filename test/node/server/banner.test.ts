/** What the server says when it is ready, where that is not said by a whole start (`main.test.ts`). */
import { expect, test } from "vitest";
import { toBanner } from "../../../src/node/server/banner.ts";

const banner = {
  url: "http://127.0.0.1:8787",
  store: "lancedb data",
  embedder: "static:e",
  answerer: "extractive",
  keys: "none",
  isKeyAsked: false,
  ingest: undefined,
};

test("collections that could not be looked at are not said to be none", () => {
  expect(toBanner({ ...banner, collections: [] })).toContain("collections  none yet");
  const late = toBanner({ ...banner, collections: "deadline_exceeded" });
  expect(late).toContain("collections  not known yet (deadline_exceeded); see /readyz");
});
