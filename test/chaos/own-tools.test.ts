/** Tools of one's own that throw, hang, or give too much or nonsense: they cost what they would have brought, and nothing of their insides is told. */
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import * as z from "zod";
import { UPSTREAM_TEXT } from "../../scripts/chaos/reply.ts";
import { defineTool, type ToolDefinition } from "../../src/agent/define-tool.ts";
import { RetryTool, type Tool, ToolFailed } from "../../src/agent/tool.ts";
import {
  expectNothingLeft,
  expectNothingPrivate,
  expectStatus,
  onAll,
  requestWorld,
  toAsk,
  until,
  type World,
} from "../support/chaos-world.ts";
import { heed } from "../support/heed.ts";
import { connectRaw, parseResponses, type RawClient } from "../support/raw-client.ts";
import { checkSse } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";
import type { Cell } from "./cell.ts";
import { checkCells } from "./check-cells.ts";

const STEP = "test/agent/step.test.ts";
const OWN = "test/agent/own-tools.test.ts";
const parameters = z.strictObject({ a: z.number() });
type Work = ToolDefinition<typeof parameters>["run"];

/** The upstream's model calls `f` and `g` in its first turn, and nothing in its next. */
const upstream = onAll("chat", "shape=tool-same-index", { times: 1 });
const make = (name: string, run: Work, more: Partial<ToolDefinition<typeof parameters>> = {}) =>
  defineTool({
    name,
    description: "Looks up a number.",
    parameters,
    readOnly: true,
    idempotent: true,
    timeoutMs: 20_000,
    run,
    ...more,
  }) as unknown as Tool;
const g = make("g", () => Promise.resolve("two was seen"));

const never = (): Promise<never> => new Promise(() => undefined);

const cell = (name: string, f: Tool, rest: Pick<Cell, "fast"> & Partial<Cell>): Cell => ({
  name,
  upstream,
  tools: [f, g],
  ask: { body: { mode: "agent" } },
  sees: { tools: ["result", "result"] },
  requests: { chat: 3 },
  told: /two was seen/,
  ...rest,
});

/** A mistake of its author: the run fails, the call beside it is told to end and waited for, the model is not asked again. */
const mistake = (name: string, f: Work): Cell =>
  cell(name, make("f", f), {
    tools: [make("f", f), make("g", (_, { signal }) => heed(signal))],
    // The other call is told to be over as well.
    sees: { failed: "internal", tools: ["internal", "cancelled"] },
    requests: { chat: 1 },
    told: /^/,
    fast: `${STEP} > anything else ends the step`,
  });

const late = (name: string, f: Work, more: Partial<ToolDefinition<typeof parameters>> = {}): Cell =>
  cell(name, make("f", f, { timeoutMs: 100, ...more }), {
    sees: { tools: ["result", "tool_timeout"], degraded: ["tool_failed:f"] },
    told: /two was seen.*took longer than 100 ms|took longer than 100 ms.*two was seen/,
    fast: `${STEP} > one that never settles is left at its time`,
  });

const circle: Record<string, unknown> = {};
circle["itself"] = circle;
const trap = new Proxy(
  {},
  {
    ownKeys() {
      throw new TypeError(UPSTREAM_TEXT);
    },
  },
);
const nonsense: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  null: null,
  NaN: Number.NaN,
  "a big integer": 10n,
  "a function": () => undefined,
  "a symbol": Symbol("s"),
  "a circle": circle,
  "an object that throws when it is looked at": trap,
  "an error that was not thrown": new TypeError(UPSTREAM_TEXT),
};

const cells: readonly Cell[] = [
  cell(
    "a tool that cannot do it",
    make("f", () => Promise.reject(new ToolFailed("it is shut"))),
    {
      sees: { tools: ["tool_failed", "result"], degraded: ["tool_failed:f"] },
      told: /it is shut/,
      fast: `${STEP} > what it cannot do and what was wrong are two things`,
    },
  ),
  cell(
    "a tool that wants other arguments",
    make("f", () => Promise.reject(new RetryTool("above 9"))),
    {
      sees: { tools: ["tool_retry", "result"] },
      told: /above 9/,
      fast: `${STEP} > what it cannot do and what was wrong are two things`,
    },
  ),
  mistake("a tool that throws", () => Promise.reject(new TypeError(UPSTREAM_TEXT))),
  mistake("a tool that throws before it waits", () => {
    throw new TypeError(UPSTREAM_TEXT);
  }),
  mistake("a tool that throws a text", () => Promise.reject(UPSTREAM_TEXT)),
  mistake("a tool that throws nothing", () => Promise.reject(undefined)),
  late("a tool that hangs until it is told to end", (_, { signal }) => heed(signal)),
  late("a tool that hangs whatever it is told", never),
  late("a tool that fails after its time", () =>
    delay(300).then(() => Promise.reject(new TypeError(UPSTREAM_TEXT))),
  ),
  {
    ...late("a tool that changes something and hangs", never, {
      readOnly: false,
      idempotent: false,
    }),
    // It runs alone, before the other.
    sees: { tools: ["tool_timeout", "result"], degraded: ["tool_failed:f"] },
    fast: `${STEP} > a call that must not be made twice is not`,
  },
  cell(
    "50 MB of text",
    make("f", () => Promise.resolve("long ".repeat(10_000_000))),
    {
      told: /cut: the result has more than/,
      fast: `${STEP} > 50 MB are cut`,
    },
  ),
  cell(
    "a list of a million",
    make("f", () => Promise.resolve(Array.from({ length: 1e6 }, (_, n) => n))),
    {
      told: /cut: the result has more than/,
      fast: `${STEP} > 50 MB are cut`,
    },
  ),
  cell(
    "evidence of 50 MB",
    make("f", () => Promise.resolve("long ".repeat(10_000_000)), { citable: true }),
    {
      told: /cut: the result has more than/,
      fast: `${OWN} > the evidence is as bounded as the result`,
    },
  ),
  ...Object.entries(nonsense).map(([name, value]) =>
    cell(
      name,
      make("f", () => Promise.resolve(value)),
      { fast: `${STEP} > becomes text` },
    ),
  ),
];

const store = useChaosStore();
checkCells(cells, store);

interface Ending {
  readonly name: string;
  readonly end: (client: RawClient, world: World) => Promise<unknown>;
  /** What the client hears of it; nothing when it has left. */
  readonly sees?: object;
  readonly body?: object;
  /** The answer is written all the same. */
  readonly goesOn?: boolean;
}

const endings: readonly Ending[] = [
  { name: "the client resets", end: async (client) => client.reset() },
  { name: "the client closes one half", end: async (client) => client.halfClose() },
  {
    name: "the run is cancelled",
    async end(client, world) {
      const id = /x-run-id: (\S+)/i.exec(client.received())?.[1];
      expectStatus(await requestWorld(world, "DELETE", `/v1/runs/${id}`), 200);
    },
    sees: { outcome: "cancelled" },
  },
  {
    name: "the time to gather is over",
    end: () => Promise.resolve(),
    body: { deadlineMs: 8_000 },
    sees: { outcome: "finished", answerer: "openai:m", degraded: ["tools_unavailable"] },
    goesOn: true,
  },
];

test.concurrent.each(endings)(
  "$name while a tool works: the tool is told, no tool is called after that, nothing is left",
  async ({ end, sees, body = {}, goesOn = false }) => {
    const told: unknown[] = [];
    const work: Work = async (_, { signal }) => {
      told.push("begun");
      await heed(signal).finally(() => told.push("ended"));
    };
    await using world = await store.start({ tools: [make("f", work), g], upstream });
    await using client = connectRaw(world.port);
    client.send(toAsk({ body: { mode: "agent", ...body } }));
    await until(() => told.length === 1, "the tool was not called");
    await client.sees("tool-result");
    await end(client, world);
    await until(() => told.length === 2, "the tool was not told to end");
    await client.closed;
    const [response] = parseResponses(client.received());
    const received = response?.body ?? "";
    // Who has left may have got half an event.
    const heard = checkSse(received.slice(0, received.lastIndexOf("\n\n") + 2)).end;
    expect(heard === undefined).toBe(sees === undefined);
    expect(heard ?? {}).toMatchObject(sees ?? {});
    const { byTarget, left } = world.upstream.journal.totals();
    expect({ chat: byTarget["chat"], left }).toEqual({ chat: goesOn ? 2 : 1, left: 0 });
    expectNothingPrivate(world, client.received());
    const errors = world.logLines.filter((line) => line.startsWith("error"));
    expect(errors.map((line) => line.includes("gathering-failed"))).toEqual(goesOn ? [true] : []);
    await expectNothingLeft(world);
  },
);
