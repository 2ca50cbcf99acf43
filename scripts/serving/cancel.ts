/** Clients that leave: how soon the upstream's socket is closed, and whether any stays open. */
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createSource } from "../bench-data.ts";
import type { Program } from "../bench-program.ts";
import { atMost, type Row } from "../bench-row.ts";
import type { Upstream } from "../chaos/upstream.ts";
import { toQuantile } from "../to-quantile.ts";

/** How soon a client's leaving reaches the model's endpoint; the upstream streams for ever. */
export async function benchCancel(
  server: Program,
  upstream: Upstream,
  size: number,
): Promise<readonly Row[]> {
  upstream.set({ rules: [], chat: { content: "words", tokens: 100_000, deltaMs: 20 } });
  const alone: number[] = [];
  for (let turn = 0; turn < Math.round(100 * size); turn += 1) {
    alone.push(...(await cancelTogether(server, upstream, 1)));
  }
  const together: number[] = [];
  for (let turn = 0; turn < Math.round(20 * size); turn += 1) {
    together.push(...(await cancelTogether(server, upstream, 50)));
  }
  const count = Math.round(10_000 * size);
  await cancelAtRandom(server, count);
  // Those that left last may still be on their way; what is never closed is left open.
  for (let turn = 0; turn < 600 && upstream.journal.totals().open > 0; turn += 1) await sleep(100);
  const figure = (values: readonly number[], goal: number) => ({
    value: toQuantile(values, 0.99),
    goal,
    unit: "ms",
    note: `p50 ${toQuantile(values, 0.5)}`,
  });
  return [
    atMost("client leaves until the upstream's socket is closed, p99, alone", figure(alone, 50)),
    atMost("the same for 50 at once", figure(together, 250)),
    atMost(`upstream sockets left open by ${count} cancels at random times`, {
      value: upstream.journal.totals().open,
      goal: 0,
      unit: "",
    }),
  ];
}

/** From the leaving of the clients to the closing of each upstream exchange. */
async function cancelTogether(
  server: Program,
  upstream: Upstream,
  count: number,
): Promise<readonly number[]> {
  const leave = await Promise.all(Array.from({ length: count }, () => openAnswer(server)));
  const startMs = performance.now();
  for (const go of leave) go();
  const closedMs: number[] = [];
  let open = upstream.journal.totals().open;
  while (open > 0 && performance.now() - startMs < 10_000) {
    await sleep(1);
    const now = upstream.journal.totals().open;
    for (; open > now; open -= 1) closedMs.push(performance.now() - startMs);
  }
  return [...closedMs, ...Array.from({ length: open }, () => 10_000)];
}

let asked = 0;

function post(server: Program): ReturnType<typeof request> {
  const body = JSON.stringify({ question: `What is said of number ${(asked += 1)}?` });
  const headers = { "content-type": "application/json", accept: "text/event-stream" };
  const sent = request({
    host: "127.0.0.1",
    port: server.port,
    path: "/v1/ask",
    method: "POST",
    headers,
  });
  sent.on("error", () => undefined);
  sent.end(body);
  return sent;
}

/** An answer whose text has begun; the result leaves it. */
function openAnswer(server: Program): Promise<() => void> {
  return new Promise((resolve) => {
    const sent = post(server);
    sent.on("response", (response) => {
      response.on("error", () => undefined);
      response.setEncoding("utf8").on("data", (text: string) => {
        if (text.includes("event: text-delta")) resolve(() => sent.destroy());
      });
    });
  });
}

async function cancelAtRandom(server: Program, count: number): Promise<void> {
  let begun = 0;
  const random = createSource(3);
  const leaver = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const sent = post(server);
      sent.on("response", (response) => response.on("error", () => undefined).resume());
      await sleep(((random.words(1).length * 37 + begun * 13) % 160) + 1);
      sent.destroy();
    }
  };
  await Promise.all(Array.from({ length: 32 }, leaver));
}
