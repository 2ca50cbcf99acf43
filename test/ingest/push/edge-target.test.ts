/** What stands between a push and its Worker: answers that are not the Worker's own. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createEdgeTarget, type PushTarget } from "../../../ingest/push/edge-target.ts";
import { type Clock, systemClock } from "../../../src/async/clock.ts";
import type { ErrorCode } from "../../../src/errors.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const { signal } = new AbortController();
const PAGE = "<html>error code: 1101</html>";

type Answer = (response: ServerResponse) => void;
const says =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end(body);
const page = (status: number): Answer => says(status, PAGE, { "Content-Type": "text/html" });
const taken = says(200, JSON.stringify({ chunksAdded: 1 }));
/** The connection breaks within the body. */
const breaks: Answer = (response) => {
  response.writeHead(200, { "Content-Length": "100" }).write('{"chunks');
  setTimeout(() => response.destroy(), 20);
};

const problem = (code: ErrorCode): Answer => says(409, JSON.stringify({ code, detail: "so" }));

/** Sends one batch to a server that answers so, the last answer again and again; how often it was asked. */
async function send(...answers: readonly [Answer, ...Answer[]]) {
  return ask(answers, (target) => target.send(["{}"], signal));
}

/** Does this with a Worker that answers so; the addresses that were asked for. */
async function ask(
  answers: readonly Answer[],
  work: (target: PushTarget) => Promise<unknown>,
  clock: Clock = systemClock,
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      (answers[asked.length] ?? answers.at(-1))?.(response);
      asked.push(request.url ?? "");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { url, token: "t", clock, collection: "guide", key: "a-good-key" };
  try {
    const failure: unknown = await work(createEdgeTarget(options)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { calls: asked.length, asked, failure };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test.each([
  ["a page of the platform", page(500)],
  ["a page of the platform that has too many requests", page(429)],
  ["a connection that breaks within the answer", breaks],
])("%s is followed by another attempt", async (_, answer) => {
  expect(await send(answer, answer, taken)).toMatchObject({ calls: 3, failure: undefined });
});

test.each<readonly [ErrorCode, number]>([
  ["store_unavailable", 2],
  ["collection_unavailable", 2],
  ["overloaded", 2],
  ["deadline_exceeded", 2],
  ["internal", 2],
  ["ingest_locked", 1],
])("a Worker that says %s is asked %i times", async (code, wanted) => {
  expect((await send(problem(code), taken)).calls).toBe(wanted);
});

test("a fault of the Worker itself is asked for once more, and no further", async () => {
  const { calls, failure } = await send(problem("internal"));
  expect([calls, failure]).toEqual([2, expect.objectContaining({ code: "internal" })]);
});

test("what the Worker lacks is told as the Worker's, and what takes no pushes as that", async () => {
  expect((await send(problem("misconfigured"))).failure).toMatchObject({
    code: "misconfigured",
    detail: "the Worker at --url says: so",
  });
  expect((await send(problem("not_found"))).failure).toMatchObject({
    code: "upstream_bad_response",
    detail: expect.stringContaining("takes no pushes") as string,
  });
});

test("what has arrived is asked for page after page, behind the last id whatever it is", async () => {
  const page = (...ids: readonly string[]): Answer =>
    says(200, JSON.stringify({ documents: ids.map((id) => ({ id, hash: `of ${id}` })) }));
  const strange = "a&after=b #1";
  let found: unknown;
  const { asked } = await ask([page("a", strange), page("c"), page()], async (target) => {
    found = await target.arrived(signal);
  });
  expect(found).toEqual(new Map(["a", strange, "c"].map((id) => [id, `of ${id}`])));
  const after = asked.map((address) => new URL(address, "http://worker.test").searchParams);
  expect(after.map((query) => query.getAll("after"))).toEqual([[], [strange], ["c"]]);
});

test("a Worker that never answers is told by the time it had", async () => {
  const clock = createFakeClock();
  const state = { isOver: false };
  const asking = ask([() => undefined], (target) => target.send(["{}"], signal), clock);
  const over = asking.finally(() => (state.isOver = true));
  while (!state.isOver) await clock.advance(5_000);
  expect((await over).failure).toMatchObject({ code: "deadline_exceeded" });
});

test("an address that is redirected is told as such, and not followed", async () => {
  const { failure } = await send(says(301, "", { Location: "https://127.0.0.1:1/" }));
  expect(failure).toMatchObject({
    code: "upstream_bad_response",
    detail: expect.stringContaining("redirected") as string,
  });
});

test("something else at the address is told as such", async () => {
  const { failure } = await send(page(404));
  expect(failure).toMatchObject({
    code: "upstream_bad_response",
    detail: expect.stringContaining("no Worker of this service") as string,
  });
});

test("what does not come to answer says which status it had instead", async () => {
  const { failure } = await send(page(503));
  expect(failure).toMatchObject({
    code: "upstream_unavailable",
    detail: expect.stringContaining("503") as string,
  });
});

test.each([
  "127.0.0.1:8787",
  "ftp://worker.test",
  "https://worker.test/?q=jitter",
  "https://worker.test/#top",
  "https://name:word@worker.test",
])("%s is no address of a Worker", (url) => {
  const options = { url, token: "t", clock: systemClock, collection: "guide", key: "a-good-key" };
  expect(() => createEdgeTarget(options)).toThrow("--url takes the address of a Worker");
});
