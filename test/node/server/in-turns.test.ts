import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { inTurns } from "../../../src/node/server/in-turns.ts";

const COUNT = 50;

function setUp() {
  const paths: string[] = [];
  const fetch = inTurns((request) => {
    paths.push(new URL(request.url).pathname);
    return new Response("there");
  });
  const get = (path: string) => fetch(new Request(`http://127.0.0.1${path}`));
  return { paths, fetch, get };
}

test("of requests that come together few are taken in one turn, in their order, and all in the end", async () => {
  const { paths, get } = setUp();
  const wanted = Array.from({ length: COUNT }, (_, index) => `/v1/${index}`);
  const responses = wanted.map(get);
  let turns = 0;
  for (let before = 0; paths.length < COUNT; before = paths.length) {
    await nextTurn();
    expect(paths.length - before).toBeLessThanOrEqual(10);
    turns += 1;
  }
  expect(turns).toBeGreaterThan(4);
  expect(paths).toEqual(wanted);
  for (const response of responses) expect(await (await response)?.text()).toBe("there");
});

test("one that comes alone waits for no more than the next turn", async () => {
  const { paths, get } = setUp();
  void get("/v1/search");
  await nextTurn();
  expect(paths).toEqual(["/v1/search"]);
});

test.each(["/livez", "/readyz", "/metrics?x=1"])("%s waits for nobody", async (path) => {
  const { paths, get } = setUp();
  for (let index = 0; index < COUNT; index += 1) void get("/v1/search");
  await get(path);
  expect(paths).toEqual([new URL(path, "http://x").pathname]);
});

test("a cancellation waits for nobody", async () => {
  const { paths, fetch, get } = setUp();
  for (let index = 0; index < COUNT; index += 1) void get("/v1/search");
  await fetch(new Request("http://127.0.0.1/v1/runs/a", { method: "DELETE" }));
  expect(paths).toEqual(["/v1/runs/a"]);
});
