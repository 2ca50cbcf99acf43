/** A service without a free place, or one that drains: what costs no place is answered all the same. */
import { expect, test } from "vitest";
import { createRunGate } from "../../../src/http/admission/run-gate.ts";
import type { Runner } from "../../../src/http/service.ts";
import { askWith, goodRun, makeApp, makeService, wantsEvents } from "../../support/app.ts";

/** Of two places one is taken by a run that waits for `end`; the other is free until `take`. */
async function makeFull() {
  const held = Promise.withResolvers<void>();
  const answer: Runner = async function* ({ question }, _signal, watch) {
    const [start, found, ...rest] = goodRun;
    if (start === undefined || found === undefined) return;
    watch?.onOpened?.({ versions: { guide: 3 }, instances: { guide: "" } });
    yield { ...start, question, runId: `run-${question}`, versions: { guide: 3 } } as typeof start;
    yield found;
    if (question !== "kept") await held.promise;
    yield* rest;
  };
  const gate = createRunGate({ ...LIMITS, clock: { now: () => 0, timer: () => () => undefined } });
  const env = { ANSWER_CACHE_RUNS_MAX: "9" };
  const service = makeService({ env, answer, search: answer, gate });
  const app = makeApp(service);
  const post = async (path: string, body: object, headers: Record<string, string> = {}) =>
    app.request(path, askWith(body, headers));
  const ask = (question: string, headers?: Record<string, string>) =>
    post("/v1/ask", { question }, { ...wantsEvents, ...headers });
  const chat = { model: "tributary", messages: [{ role: "user", content: "long" }] };
  await (await ask("kept")).text();
  const running = [
    await ask("named", { "Idempotency-Key": "k" }),
    await post("/v1/chat/completions", { ...chat, stream: true }),
  ];
  return { service, post, ask, chat, running, end: held.resolve };
}

const LIMITS = { runsMax: 2, queueMax: 0, queueTimeoutMs: 500, callerRunsMax: 9 };

test.each([
  ["is full", false, "overloaded"],
  ["drains", true, "draining"],
])(
  "a service that %s answers what needs no place, and refuses all else",
  async (_is, drains, code) => {
    const { service, post, ask, chat, running, end } = await makeFull();
    if (drains) service.gate.drain();
    const hit = await ask("kept");
    const repeated = await ask("named", { "Idempotency-Key": "k" });
    const shared = await post("/v1/chat/completions", { ...chat, stream: true });
    expect(
      [hit, repeated, shared].map(({ status, headers }) => [status, headers.get("X-Cache")]),
    ).toEqual([
      [200, "hit"],
      [200, null],
      [200, "shared"],
    ]);
    const ids = [repeated, shared].map(({ headers }) => headers.get("X-Run-Id"));
    expect(ids).toEqual(running.map(({ headers }) => headers.get("X-Run-Id")));
    const refused = [
      ask("other"),
      ask("other", { "Idempotency-Key": "other" }),
      ask("other", { Prefer: "respond-async" }),
      post("/v1/search", { question: "other" }),
      post("/v1/explain", { question: "other", collection: "guide", documentId: "a.md" }),
    ];
    for (const response of await Promise.all(refused)) {
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ code, retryable: true });
    }
    expect(service.gate.running).toBe(2);
    end();
    for (const response of [repeated, shared, ...running]) await response.text();
    expect(service.gate.running).toBe(0);
  },
);
