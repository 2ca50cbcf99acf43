/**
 * The service under many clients, bad clients and its own end, each figure beside its goal:
 * `node scripts/bench-serving.ts [--only NAME] [--size SHARE] [--json]`.
 */
import { type Benches, benchMain } from "./bench-main.ts";
import { benchDrain } from "./serving/drain.ts";
import { benchOverload } from "./serving/overload.ts";
import { benchSlowClients } from "./serving/slow-clients.ts";
import { benchStreams } from "./serving/streams.ts";

const sized = (full: number, size: number): number => Math.max(1, Math.round(full * size));

export const SERVING: Benches = {
  overload: (size) => benchOverload(sized(10, size)),
  "slow-clients": (size) =>
    benchSlowClients({ connections: sized(400, size), seconds: 8, env: {} }),
  drain: (size) => benchDrain(sized(500, size)),
  "open-streams": (size) =>
    benchStreams({
      streams: sized(10_000, size),
      gapMs: 1_000,
      seconds: 10,
      goals: { peakMebibytes: 700, delayMs: 250 },
    }),
  "active-streams": (size) =>
    benchStreams({
      streams: sized(2_000, size),
      gapMs: 100,
      seconds: 10,
      goals: { peakMebibytes: 400, delayMs: 150 },
    }),
};

if (import.meta.main) await benchMain(SERVING);
