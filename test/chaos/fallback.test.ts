/** A second model at an endpoint of its own: when it is asked, how often both are asked together, and when it must not be. */
import { expect, test } from "vitest";
import type { SettingsInput } from "../../scripts/chaos/settings.ts";
import { startUpstream, type Upstream } from "../../scripts/chaos/upstream.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { toStatus } from "../../src/http/response/problem.ts";
import {
  askWorld,
  expectNothingLeft,
  expectNothingPrivate,
  expectStatus,
  onAll,
  SHORT_CHAT,
  until,
} from "../support/chaos-world.ts";
import { checkSse } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";
import { seenBy } from "./cell.ts";

const store = useChaosStore();

interface Case {
  readonly name: string;
  readonly first: SettingsInput;
  /** Healthy when absent. */
  readonly second?: SettingsInput;
  readonly env?: Readonly<Record<string, string>>;
  readonly sees: {
    readonly answerer?: string;
    readonly degraded?: readonly string[];
    readonly failed?: ErrorCode;
  };
  /** Calls of the first model and of the second, and how many the service broke off. */
  readonly calls: readonly [first: number, second: number];
  readonly left?: number;
}

const chat = (fault: string): SettingsInput => onAll("chat", fault);
const taken = { answerer: "openai:n", degraded: ["llm_fallback_model"] } as const;

const cases: readonly Case[] = [
  ...["status=503", "reset", "rate-limit", "eof-after=0", "reset-after=0"].map((fault): Case => ({
    name: fault,
    first: chat(fault),
    sees: taken,
    calls: [2, 1],
  })),
  ...["error-after=0", "error-after=0:overloaded_error"].map((fault): Case => ({
    name: `${fault}, within a 200 stream before its text`,
    first: chat(fault),
    sees: taken,
    calls: [2, 1],
  })),
  ...["malformed-after=0", "html", "empty"].map((fault): Case => ({
    name: fault,
    first: chat(fault),
    sees: taken,
    calls: [2, 1],
  })),
  ...["status=401", "status=404", "quota", "redirect=307", "rate-limit-seconds=120"].map(
    (fault): Case => ({
      name: `${fault}, which no second attempt mends`,
      first: chat(fault),
      sees: taken,
      calls: [1, 1],
    }),
  ),
  ...["stall-headers", "stall-body", "pings=20"].map((fault): Case => ({
    name: `${fault}: a silence is waited for once`,
    first: chat(fault),
    env: SHORT_CHAT,
    sees: taken,
    calls: [1, 1],
    left: 1,
  })),
  {
    name: "both fail: three attempts over all models, then quoted sentences",
    first: chat("status=503"),
    second: chat("status=503"),
    sees: { answerer: "extractive", degraded: ["extractive"] },
    calls: [2, 1],
  },
  {
    name: "the content filter refuses the question: nobody is asked around it",
    first: chat("content-filter"),
    sees: { failed: "content_filtered" },
    calls: [1, 0],
  },
  ...(["reset-after=3", "eof-after=3"] as const).map((fault): Case => ({
    name: `${fault}, after text: what was shown is not replaced`,
    first: chat(fault),
    sees: { failed: "upstream_truncated" },
    calls: [1, 0],
  })),
  {
    name: "the second model breaks off within its text: it is not replaced either",
    first: chat("status=503"),
    second: chat("eof-after=3"),
    sees: { failed: "upstream_truncated" },
    calls: [2, 1],
  },
];

const countChat = (upstream: Upstream): number => upstream.journal.totals().byTarget["chat"] ?? 0;

test.concurrent.each(cases)("$name", async ({ first, second = {}, env, sees, calls, left = 0 }) => {
  await using other = await startUpstream({ settings: second });
  await using world = await store.start({
    env: { CHAT_MODELS_FALLBACK: "n", CHAT_FALLBACK_BASE_URL: other.url, ...env },
    upstream: first,
  });
  const response = await askWorld(world);
  const { failed, ...answered } = sees;
  // A failure before the stream has its true status.
  const isStream = failed === undefined || response.status === 200;
  expectStatus(response, isStream ? 200 : toStatus(failed));
  const failure = isStream ? { error: { code: failed } } : { code: failed };
  const end: unknown = isStream ? checkSse(response.body).end : JSON.parse(response.body);
  expect(end).toMatchObject(failed === undefined ? { outcome: "finished", ...answered } : failure);
  const idle = (): boolean =>
    [world.upstream, other].every(({ journal }) => journal.totals().open === 0);
  await until(idle, "an exchange is still open");
  expect([countChat(world.upstream), countChat(other)]).toEqual(calls);
  expect(world.upstream.journal.totals().left + other.journal.totals().left).toBe(left);
  const seen = seenBy(response);
  expectNothingPrivate(world, seen);
  expect(seen).not.toContain(new URL(other.url).host);
  await expectNothingLeft(world);
});
