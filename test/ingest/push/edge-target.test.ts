/** What stands between a push and its Worker: answers that are not the Worker's own. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createEdgeTarget } from "../../../ingest/push/edge-target.ts";
import { systemClock } from "../../../src/async/clock.ts";

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

/** Sends one batch to a server that answers so, the last answer again and again; how often it was asked. */
async function send(...answers: readonly [Answer, ...Answer[]]) {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      (answers[calls] ?? answers.at(-1))?.(response);
      calls += 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { url, token: "t", clock: systemClock, collection: "guide", key: "a-good-key" };
  try {
    const failure: unknown = await createEdgeTarget(options)
      .send(["{}"], signal)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    return { calls, failure };
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
  expect(await send(answer, answer, taken)).toEqual({ calls: 3, failure: undefined });
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
