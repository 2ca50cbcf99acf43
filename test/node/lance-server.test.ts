/** Two services: one serves its folder to LanceDB's clients, the other answers from it and says when it cannot. */
import { expect, test } from "vitest";
import { askWith } from "../support/app.ts";
import { makeLocalStore, makeTempFolder } from "../support/local-store.ts";
import { type ServiceProgram, startService } from "../support/process.ts";

/** Budgets are for production; a busy build machine may take longer. */
const PATIENT = { SEARCH_TIMEOUT_MS: "20000", HEALTH_TIMEOUT_MS: "20000" };

const startServer = (settings: Readonly<Record<string, string>>): Promise<ServiceProgram> =>
  startService({ ...PATIENT, ...settings });

test("a service answers from another's collections, and is ready as long as that one is there", async () => {
  await using folder = await makeLocalStore();
  await using empty = await makeTempFolder();
  await using first = await startServer({ DATA_DIR: folder.path, LANCE_GATEWAY: "true" });
  await using second = await startServer({ DATA_DIR: empty.path, LANCE_URL: first.url });
  const question = askWith({ question: "Why do retries use jitter?" });
  const found = await fetch(`${second.url}/v1/ask`, question);
  const { answer, ledger } = (await found.json()) as { answer: string; ledger: object[] };
  expect(answer).toContain("Retries use jitter");
  for (const retriever of ["vector", "keyword"]) {
    const leg = { collection: "guide", retriever, status: "found" };
    expect(ledger).toContainEqual(expect.objectContaining(leg));
  }
  const upload = await fetch(`${second.url}/v1/collections/guide/documents/a.md`, {
    method: "PUT",
    body: "text",
  });
  expect(upload.status).toBe(405);
  expect((await fetch(`${second.url}/v1/table/`)).status).toBe(404);
  const metrics = await (await fetch(`${second.url}/metrics`)).text();
  expect(metrics).toContain('upstream="store lance"');

  first.kill("SIGKILL");
  await first.exit;
  // What was seen a moment ago counts for a moment.
  let ready = await fetch(`${second.url}/readyz`);
  while (ready.ok) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    ready = await fetch(`${second.url}/readyz`);
  }
  expect(await ready.json()).toMatchObject({
    code: "store_unavailable",
    detail: expect.stringContaining("LANCE_URL") as string,
  });
});

test("a service whose server is not there starts, and says so", async () => {
  await using folder = await makeTempFolder();
  await using server = await startServer({
    DATA_DIR: folder.path,
    LANCE_URL: "http://127.0.0.1:9",
  });
  expect(server.stderr()).toContain("LANCE_URL");
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
});
