/** Clients that send their headers or bodies a byte at a time: when they are closed, and what others notice of it. */
import { connect } from "node:net";
import type { Program } from "../bench-program.ts";
import { atLeast, atMost, type Row } from "../bench-row.ts";
import { serve } from "./programs.ts";
import { toQuantile } from "../to-quantile.ts";

const ASKERS = 2;
const BYTE_INTERVAL_MS = 500;
const CLOSED_MS_MAX = 12_000;
const NEVER_MS = 60_000;
const HEAD = "POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const SLOW = [`${HEAD}X-Slow: `, `${HEAD}Content-Length: 5000\r\n\r\n{"question": "`];

/** `seconds`: how long good clients ask beside the slow ones; half as long without them. */
export interface SlowClientsBench {
  readonly connections: number;
  readonly seconds: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Half of the `connections` are slow with their headers, half with their bodies. */
export async function benchSlowClients(bench: SlowClientsBench): Promise<readonly Row[]> {
  const { connections, seconds, env } = bench;
  await using served = await serve(env);
  const { server } = served;
  await askFor(server, 1_000);
  const before = await askFor(server, seconds * 500);
  const startMs = performance.now();
  const slow = Array.from({ length: connections }, (_, n) =>
    beSlow(server, SLOW[n % SLOW.length] ?? "", startMs),
  );
  const [meanwhile, closed] = await Promise.all([
    askFor(server, seconds * 1_000),
    Promise.all(slow),
  ]);
  const lastMs = Math.round(Math.max(...closed));
  const ratio = toQuantile(meanwhile, 0.99) / toQuantile(before, 0.99);
  return [
    atLeast("slow connections that the service closes", {
      value: (100 * closed.filter((ms) => ms < NEVER_MS).length) / connections,
      goal: 100,
      unit: "%",
    }),
    atMost("answers to good clients meanwhile, p50, of those before", {
      value: toQuantile(meanwhile, 0.5) / toQuantile(before, 0.5),
      goal: 2,
      unit: "×",
      note: `${meanwhile.length} and ${before.length} answers`,
    }),
    {
      what: `${connections} slow connections, the last one closed after`,
      figure: `${lastMs} ms`,
      goal: `≤ ${CLOSED_MS_MAX} ms`,
      met: lastMs <= CLOSED_MS_MAX,
      value: lastMs,
    },
    {
      what: `p99 of good traffic meanwhile (${toQuantile(meanwhile, 0.99)} ms, ${toQuantile(before, 0.99)} before)`,
      figure: `${Math.round(ratio * 100) / 100}×`,
      goal: "< 2×",
      met: ratio < 2,
    },
  ];
}

/** When it was closed; `NEVER_MS` when the service did not. */
async function beSlow({ port }: Program, text: string, startMs: number): Promise<number> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined).on("data", () => undefined);
  socket.write(text);
  const timer = setInterval(() => socket.write("a"), BYTE_INTERVAL_MS);
  const never = setTimeout(() => socket.destroy(), NEVER_MS);
  // A reset is one way of being closed.
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  clearInterval(timer);
  clearTimeout(never);
  return Math.min(NEVER_MS, performance.now() - startMs);
}

/** How long each question took, of a few askers. */
async function askFor({ port }: Program, ms: number): Promise<readonly number[]> {
  const untilMs = performance.now() + ms;
  const askers = Array.from({ length: ASKERS }, async (_, asker) => {
    const times: number[] = [];
    while (performance.now() < untilMs) {
      const startMs = performance.now();
      const response = await fetch(`http://127.0.0.1:${port}/v1/ask`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ question: `What is ${asker} of ${times.length}?` }),
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`a good client was answered ${response.status}`);
      times.push(performance.now() - startMs);
    }
    return times;
  });
  return (await Promise.all(askers)).flat();
}
