/** Faults of the model in a run with tools: no call is executed that is not whole and right, and the answer comes all the same. */
import { STREAM_SHAPES } from "../../scripts/chaos/stream-shapes.ts";
import { onAll } from "../support/chaos-world.ts";
import type { Cell } from "./cell.ts";
import { checkCells } from "./check-cells.ts";

const GATHER = "test/agent/gather.test.ts";
const STEP = "test/agent/step.test.ts";
const CHAT = "test/models/openai-chat-tools.test.ts";
const CALLS = "test/models/tool-call-accumulator.test.ts";
const WITH_TOOLS = { body: { mode: "agent" } } as const;

/** What comes of one such stream; the model's next turn has no calls, and then it writes. */
const once = (
  shape: string,
  tools: readonly string[],
  fast: string,
  rest: Partial<Cell> = {},
): Cell => ({
  name: `${shape}, once`,
  upstream: onAll("chat", `shape=${shape}`, { times: 1 }),
  ask: WITH_TOOLS,
  sees: { tools },
  requests: { chat: 3 },
  fast,
  ...rest,
});

/** Calls of `f`, and of `f` and `g`: tools that nobody offered. */
const TWO: ReadonlySet<string> = new Set(["tool-same-index", "tool-out-of-order"]);
const strangers = Object.keys(STREAM_SHAPES)
  .filter((shape) => shape.startsWith("tool-") && !shape.startsWith("tool-search"))
  .map((shape) => {
    const tools = TWO.has(shape) ? ["unknown_tool", "unknown_tool"] : ["unknown_tool"];
    return once(shape, tools, `${CALLS} > the accumulator reads`);
  });

/** The gathering fails and costs only what it would have brought; the model is asked for the answer after it. */
const failing = (fault: string, attempts: number): Cell => ({
  name: `${fault}, as long as it gathers`,
  upstream: onAll("chat", fault, { times: attempts }),
  ask: WITH_TOOLS,
  sees: { degraded: ["tools_unavailable"] },
  requests: { chat: attempts + 1 },
  fast: `${GATHER} > fails at it`,
});

/** The model cannot be reached; after every attempt it has it is not asked again at once. */
const down = (fault: string, attempts: number): Cell => ({
  name: `${fault}, when it begins to gather`,
  upstream: onAll("chat", fault, { times: attempts }),
  ask: WITH_TOOLS,
  sees: { answerer: "extractive", degraded: ["tools_unavailable", "extractive"] },
  requests: { chat: attempts },
  fast: `${GATHER} > cannot be reached`,
});

const cells: readonly Cell[] = [
  ...strangers,
  once("tool-search", ["result"], `${GATHER} > searches again`, {
    // The second time the query's vector is remembered.
    requests: { chat: 3, embeddings: [1, 2], rerank: 2 },
  }),
  {
    name: "the embedding of what a tool searches for hangs: words find it, and the rest goes on",
    upstream: {
      rules: [
        { on: "chat", fault: "shape=tool-search", times: 1 },
        { on: "embeddings", fault: "stall-headers", skip: 1 },
      ],
    },
    ask: WITH_TOOLS,
    env: { EMBED_ATTEMPT_TIMEOUT_MS: "1500", ATTEMPTS_MAX: "1" },
    sees: { tools: ["result"], degraded: ["vector_unavailable"] },
    requests: { chat: 3, embeddings: 2, rerank: [1, 2], left: 1 },
    fast: `${GATHER} > searches again`,
  },
  {
    name: "the reranking of what a tool has found fails",
    upstream: {
      rules: [
        { on: "chat", fault: "shape=tool-search", times: 1 },
        { on: "rerank", fault: "status=401", skip: 1 },
      ],
    },
    ask: WITH_TOOLS,
    sees: { tools: ["result"], degraded: ["rerank_skipped"] },
    requests: { chat: 3, embeddings: [1, 2], rerank: 2 },
    fast: `${GATHER} > searches again`,
  },
  once("tool-search", ["result"], `${GATHER} > searches again`, {
    name: "a tool that tells more than it may",
    env: { TOOL_RESULT_CHARS_MAX: "1" },
    requests: { chat: 3, embeddings: [1, 2], rerank: 2 },
    fast: `${STEP} > 50 MB are cut`,
  }),
  once("tool-search-nowhere", ["tool_retry"], `${GATHER} > lists only what the run may touch`),
  once("tool-search-cut", ["invalid_arguments"], `${GATHER} > invalid_arguments`),
  // Another attempt, which has no call; the one that was cut is forgotten.
  once("tool-search-eof", [], `${CHAT} > whole as it looks`),
  down("status=503", 3),
  down("status=401", 1),
  failing("html", 2),
  failing("eof-after=0", 3),
  {
    name: "the same call for ever",
    upstream: onAll("chat", "shape=tool-fragments"),
    ask: WITH_TOOLS,
    sees: {
      outcome: "exhausted",
      answerer: "extractive",
      degraded: ["extractive"],
      tools: ["unknown_tool", "unknown_tool"],
    },
    requests: { chat: 5 },
    fast: `${GATHER} > goes round in circles is stopped`,
  },
  {
    name: "an outage that lasts",
    upstream: onAll("chat", "status=503"),
    ask: WITH_TOOLS,
    sees: { answerer: "extractive", degraded: ["tools_unavailable", "extractive"] },
    requests: { chat: 3 },
    env: { BREAKER_SAMPLES_MIN: "20" },
    fast: `${GATHER} > cannot be reached`,
  },
];

checkCells(cells);
