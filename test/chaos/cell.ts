/** One cell of the fault matrix as data, and the one way in which every cell is checked over real sockets. */
import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import type { SettingsInput } from "../../scripts/chaos/settings.ts";
import type { Tool } from "../../src/agent/tool.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { toStatus } from "../../src/http/response/problem.ts";
import {
  type AskOptions,
  askWorld,
  expectNothingLeft,
  expectNothingPrivate,
  expectStatus,
  until,
  type World,
} from "../support/chaos-world.ts";
import type { RawResponse } from "../support/raw-client.ts";
import { checkSse } from "../support/sse-checker.ts";
import type { ChaosStore } from "../support/use-chaos-store.ts";

/** Requests the upstream saw: exactly, or at least and at most. */
type Count = number | readonly [least: number, most: number];

export interface Cell {
  /** A sentence about the fault. */
  readonly name: string;
  readonly upstream: SettingsInput;
  readonly env?: Readonly<Record<string, string>>;
  /** Of one's own; those of the service are there anyway. */
  readonly tools?: readonly Tool[];
  readonly ask?: AskOptions;
  /** What the client sees. A failed run is its code; as JSON it is the problem with that code's status. */
  readonly sees: {
    readonly answerer?: string;
    readonly degraded?: readonly string[];
    readonly failed?: ErrorCode;
    /** Text was shown before it failed; who gets the answer whole has seen none of it, and gets sentences quoted. */
    readonly shown?: boolean;
    readonly truncated?: boolean;
    /** How an answer ended; `finished` when absent. */
    readonly outcome?: "finished" | "exhausted";
    /** How each tool call ended, in order: `result`, or the code of its error. */
    readonly tools?: readonly string[];
  };
  /** What the upstream sees for each question; `left`: exchanges that the service broke off. */
  readonly requests: {
    readonly embeddings?: Count;
    readonly chat?: Count;
    readonly rerank?: Count;
    readonly left?: Count;
  };
  /** Stands in what the model is told of its tools. */
  readonly told?: RegExp;
  /** The fast test of the same cell, on a fake clock or without any wait: `file > title`. */
  readonly fast: string;
}

/** Asks twice, for a stream and for JSON, and checks client, upstream, leaks and private text. Handles and timers are counted around all cells of a file. */
export async function checkCell(cell: Cell, store: ChaosStore): Promise<void> {
  const { env = {}, tools = [] } = cell;
  await using world = await store.start({ env, tools });
  for (const stream of [true, false]) {
    world.upstream.set(cell.upstream);
    world.upstream.journal.reset();
    const sentBefore = world.upstream.requests.length;
    const response = await askWorld(world, { ...cell.ask, stream });
    checkSeen(cell, response, stream);
    // A socket that the service has closed is closed for the upstream a moment later.
    await until(() => world.upstream.journal.totals().open === 0, "an exchange is still open");
    checkRequests(cell, world);
    checkSent(cell, world.upstream.requests.slice(sentBefore));
    expectNothingPrivate(world, seenBy(response));
    await expectNothingLeft(world, {}, isShort(cell) ? RECOVERY_MS : 0);
  }
}

/** What is healthy may be late for a limit made short for a silence. */
const isShort = ({ env = {} }: Cell): boolean =>
  Object.keys(env).some((name) => name.endsWith("_TIMEOUT_MS"));
const RECOVERY_MS = 30_000;

function checkSeen({ sees }: Cell, response: RawResponse, stream: boolean): void {
  const { failed, shown = false } = sees;
  expect(response.complete).toBe(true);
  if (!stream) {
    const record = JSON.parse(response.body) as Record<string, unknown>;
    if (shown && failed !== "content_filtered") {
      const quoted = { outcome: "finished", answerer: "extractive", degraded: ["extractive"] };
      expect({ status: response.status, ...record }).toMatchObject({ status: 200, ...quoted });
      return;
    }
    expectStatus(response, failed === undefined ? 200 : toStatus(failed));
    expect(record).toMatchObject(failed === undefined ? toEnd(sees) : { code: failed });
    return;
  }
  if (response.status !== 200) {
    // Before retrieval is done a failure has its true status in a stream, too.
    expectStatus(response, failed === undefined ? 200 : toStatus(failed));
    expect(JSON.parse(response.body)).toMatchObject({ code: failed });
    return;
  }
  const { end, text, events } = checkSse(response.body);
  expect(listToolEnds(events)).toEqual(sees.tools ?? []);
  expect(end).toMatchObject(failed === undefined ? toEnd(sees) : { error: { code: failed } });
  expect(text !== "").toBe(failed === undefined || shown);
}

function toEnd(sees: Cell["sees"]): object {
  const { outcome = "finished", answerer = "openai:m", degraded = [], truncated } = sees;
  return { outcome, answerer, degraded, ...(truncated && { truncated }) };
}

function listToolEnds(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap((event) => {
    if (event.type === "tool-error") return [event.code];
    return event.type === "tool-result" ? ["result"] : [];
  });
}

function checkRequests({ requests }: Cell, world: World): void {
  const { byTarget, left } = world.upstream.journal.totals();
  const counts = { embeddings: 1, chat: 1, rerank: 1, left: 0, ...requests };
  for (const [name, wanted] of Object.entries(counts)) {
    const [least, most] = typeof wanted === "number" ? [wanted, wanted] : wanted;
    const seen = name === "left" ? left : (byTarget[name] ?? 0);
    if (seen < least || seen > most) {
      throw new Error(`the upstream saw ${seen} ${name} instead of ${least} to ${most}`);
    }
  }
}

/** Whatever a tool or a document holds, no more than this is sent. */
const SENT_CHARS_MAX = 2 ** 19;

function checkSent({ told = /^/ }: Cell, requests: World["upstream"]["requests"]): void {
  const sent = requests.map(({ body }) => JSON.stringify(body));
  expect(Math.max(...sent.map(({ length }) => length))).toBeLessThan(SENT_CHARS_MAX);
  expect(sent.join("\n")).toMatch(told);
}

/** All that left the service: the status, the headers, the body. */
export function seenBy({ status, headers, body }: RawResponse): string {
  return `${status}\n${JSON.stringify([...headers])}\n${body}`;
}

/** Cells whose fast test does not exist under the name they give. */
export function findUnfounded(cells: readonly Cell[]): readonly string[] {
  return cells
    .filter(({ fast }) => {
      const [file = "", title = ""] = fast.split(" > ");
      return !existsSync(file) || title === "" || !readFileSync(file, "utf8").includes(title);
    })
    .map(({ name, fast }) => `${name}: ${fast}`);
}
