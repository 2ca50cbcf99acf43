/**
 * Parser processes for formats we do not trust: each file gets bounded memory and a bounded time, or its parser ends.
 * Processes, not threads: a thread that runs out of memory can take the whole process with it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createLimiter } from "../../src/async/limiter.ts";
import { INGEST_LIMITS, type IngestLimits } from "../limits.ts";
import { limitProcess } from "./process-limits.ts";
import type { LoadAnswer, LoadRequest, LoadStart } from "./load-worker.ts";
import type { Format } from "../../src/domain/format.ts";
import {
  type FileReference,
  type LoadEvent,
  type ProblemCode,
  toProblem,
} from "../loaders/load-event.ts";

export interface LoadPool {
  readonly limits: IngestLimits;
  /** All events of one file. Rejects only with the signal's reason; the parser then ends. */
  load(
    format: Format,
    bytes: Uint8Array,
    file: FileReference,
    signal: AbortSignal,
  ): Promise<readonly LoadEvent[]>;
  /** Ends all parsers, busy or not. */
  close(): Promise<void>;
}

/** Formats with files in them that are nothing of their own words. */
const ATTACHING: ReadonlySet<Format> = new Set(["email", "outlook", "mailbox"]);
/** Of the time a file may take: what is enough for its own words, and not for one that keeps its parser busy anew. */
const BARE_SHARE = 1 / 3;

/** Creates a pool; parsers start when first needed and are replaced when they had to be ended. An idle pool keeps no process alive. */
export function createLoadPool(
  limits: IngestLimits = INGEST_LIMITS,
  limitParser = limitProcess,
): LoadPool {
  const idle: ChildProcess[] = [];
  const all = new Set<ChildProcess>();
  const limit = createLimiter({ concurrencyMax: limits.workersMax, queueMax: limits.filesMax });
  const onProcessExit = (): void => {
    for (const parser of all) parser.kill("SIGKILL"); // one in an endless loop would outlive us
  };

  const start = (): ChildProcess => {
    const parser = startParser(limits);
    if (all.size === 0) process.once("exit", onProcessExit);
    all.add(parser);
    parser.on("error", () => undefined); // every fault shows as an exit, which is listened to
    parser.once("exit", () => {
      all.delete(parser);
      const at = idle.indexOf(parser);
      if (at >= 0) idle.splice(at, 1);
      if (all.size === 0) process.off("exit", onProcessExit);
    });
    return parser;
  };
  const read = async (request: LoadRequest, signal: AbortSignal): Promise<Answer> => {
    const parser = idle.pop() ?? start();
    const answer = await ask(parser, request, signal, limitParser);
    if (answer.isReusable) idle.push(parser);
    else await end(parser);
    signal.throwIfAborted();
    return answer;
  };
  return {
    limits,
    load: (format, bytes, file, signal) =>
      limit(async () => {
        const request = { format, bytes, file, limits };
        const { events, isReusable } = await read(request, signal);
        if (isReusable || !ATTACHING.has(format)) return events;
        // What is attached to a message may have broken the limit; its own words are read without, or are at fault themselves.
        const loadTimeoutMs = limits.loadTimeoutMs * BARE_SHARE;
        const bare = { ...request, limits: { ...limits, attachmentsMax: 0, loadTimeoutMs } };
        const again = await read(bare, signal);
        return again.isReusable ? again.events : events;
      }, signal),
    async close() {
      await Promise.all([...all].map(end));
    },
  };
}

function startParser(limits: IngestLimits): ChildProcess {
  return fork(new URL("./load-worker.ts", import.meta.url), [], {
    // A parser may read its own code, and neither write files nor start processes.
    execArgv: [
      "--permission",
      "--allow-fs-read=*",
      `--max-old-space-size=${limits.workerHeapMebibytesMax}`,
    ],
    env: {},
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}

async function end(parser: ChildProcess): Promise<void> {
  if (parser.pid === undefined || parser.exitCode !== null || parser.signalCode !== null) return;
  const exited = once(parser, "exit");
  parser.ref();
  parser.kill("SIGKILL");
  await exited;
}

interface Answer {
  readonly events: readonly LoadEvent[];
  readonly isReusable: boolean;
}

/** Hands one file to a parser. Always resolves; a parser that broke a limit is not reusable. */
function ask(
  parser: ChildProcess,
  request: LoadRequest,
  signal: AbortSignal,
  limitParser: typeof limitProcess,
): Promise<Answer> {
  const { file, format, limits } = request;
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const fail = (code: ProblemCode, text: string, cause?: unknown): void =>
    resolve({ events: [toProblem(file.id, code, text, { cause })], isReusable: false });
  const events: LoadEvent[] = [];
  const onMessage = (message: unknown): void => {
    const answer = message as LoadAnswer | LoadStart;
    if ("isReading" in answer) {
      stopTimer();
      const { loadTimeoutMs: limitMs, workerMemoryMebibytesMax: memoryMebibytesMax } = limits;
      const own = { pid: parser.pid ?? 0, usedMs: answer.processorMs, limitMs, memoryMebibytesMax };
      stopTimer = limitParser(own, (broken) =>
        broken === "memory" ? onLarge(memoryMebibytesMax) : onLate(),
      );
      return;
    }
    events.push(...answer.part);
    if (answer.isLast) resolve({ events, isReusable: true });
  };
  const onLarge = (mebibytes: number): void =>
    fail("too-large", `needs more than ${mebibytes} MiB of memory to be read; split it`);
  const onAbort = (): void => resolve({ events: [], isReusable: false });
  const onExit = (code: number | null, killedBy: NodeJS.Signals | null): void => {
    const isHeap = killedBy === "SIGABRT" || killedBy === "SIGKILL" || code === 134;
    if (isHeap) onLarge(limits.workerHeapMebibytesMax);
    else fail("damaged", `cannot be read as ${format}; save it anew`, { code, killedBy });
  };
  const onError = (cause: unknown): void =>
    fail("unreadable", "could not be read: its parser did not start; try again", cause);
  const onLate = (): void => {
    const seconds = limits.loadTimeoutMs / 1000;
    fail("timed-out", `took longer than ${seconds} s to read; split or simplify it`);
  };
  const starting = setTimeout(onError, limits.startTimeoutMs);
  let stopTimer = (): void => clearTimeout(starting);
  parser.on("message", onMessage).on("exit", onExit).on("error", onError);
  signal.addEventListener("abort", onAbort, { once: true });
  parser.ref();
  parser.channel?.ref();
  parser.send(request, (failure) => {
    if (failure !== null && !parser.connected && parser.exitCode !== null) onError(failure);
  });
  return promise.finally(() => {
    stopTimer();
    parser.off("message", onMessage).off("exit", onExit).off("error", onError);
    signal.removeEventListener("abort", onAbort);
    parser.unref();
    parser.channel?.unref();
  });
}
