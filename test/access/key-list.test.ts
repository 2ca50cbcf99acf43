import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseKeyList, toKeyList } from "../../src/access/key-list.ts";
import { AppError } from "../../src/errors.ts";
import { makeKey } from "../support/keys.ts";

test("a list comes back as it was written", async () => {
  const keys = [
    (await makeKey()).entry,
    (await makeKey({ collections: ["guide"], runsMax: 3 })).entry,
  ];
  expect(parseKeyList(toKeyList(keys), "x")).toEqual(keys);
});

test("what is no list is refused by its place, and none of it is shown", async () => {
  const { entry } = await makeKey();
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ version: 2, keys: [] }, "version"],
    [{ version: 1, keys: [{ ...entry, digest: "trib_canary" }] }, "keys.0.digest"],
    [{ version: 1, keys: [{ ...entry, scopes: ["root"] }] }, "keys.0.scopes"],
    [{ version: 1, keys: [{ ...entry, secret: "trib_canary" }] }, "keys.0"],
    [{ version: 1, keys: [entry, entry] }, "keys"],
    [{ version: 1, keys: [{ ...entry, id: "local" }] }, "keys.0.id"],
    ["trib_canary", "the whole"],
  ];
  for (const [value, place] of wrong) {
    const parse = (): unknown => parseKeyList(JSON.stringify(value), "API_KEYS");
    expect(parse).toThrow(place);
    expect(parse).not.toThrow("canary");
  }
  expect(() => parseKeyList("trib_canary", "API_KEYS")).toThrow("API_KEYS is not JSON");
});

test("nothing but an AppError comes of any text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      let thrown: unknown;
      try {
        parseKeyList(text, "x");
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(AppError);
    }),
  );
});
