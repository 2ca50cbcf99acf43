/** SIGTERM while answers stream that would go on for ever: every one gets its last event, and the process ends. */
import { openStream, until } from "./client.ts";
import { atMost, type Row } from "../bench-row.ts";
import { PATIENT_ENV } from "../bench-answers.ts";
import { serve } from "./programs.ts";

const EXIT_MS_MAX = 25_000;

export async function benchDrain(
  streams: number,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Row[]> {
  const limits = {
    RUNS_MAX: `${streams + 8}`,
    CHAT_CONCURRENCY_MAX: `${streams + 8}`,
    ...PATIENT_ENV,
    ...env,
  };
  await using served = await serve(limits, { tokens: 2_000, gapMs: 200 });
  const { server } = served;
  let started = 0;
  const open = Array.from({ length: streams }, (_, n) => {
    let isStarted = false;
    return openStream(server.port, `What is number ${n}?`, (text) => {
      if (isStarted || !text.includes("event: text-delta")) return;
      isStarted = true;
      started += 1;
    });
  });
  await until(() => started === streams);
  const startMs = performance.now();
  server.child.kill("SIGTERM");
  const code = await server.exit;
  const exitMs = performance.now() - startMs;
  const tails = await Promise.all(open.map(({ ended }) => ended));
  const ended = tails.filter((tail) => tail.split("event: run-end").length === 2).length;
  return [
    {
      what: `exit code after SIGTERM with ${streams} streams`,
      figure: `${code}`,
      goal: "0",
      met: code === 0,
    },
    atMost("exit after", { value: exitMs, goal: EXIT_MS_MAX, unit: "ms" }),
    {
      what: "streams with their last event",
      figure: `${ended}`,
      goal: `${streams}`,
      met: ended === streams,
    },
  ];
}
