/** The connection to Redis: bounded in time, never in the way, and made again by itself. */
import { Redis } from "ioredis";
import type { Clock } from "../../async/clock.ts";
import { startDeadline } from "../../async/deadline.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import { AppError } from "../../errors.ts";
import type { Log } from "../../telemetry/log.ts";

export interface RedisLink {
  /** Does Redis answer, as far as is known? */
  readonly isUp: boolean;
  /** How often something was not asked, or not answered in time. */
  readonly misses: number;
  readonly client: Redis;
  /** What the work says; undefined when Redis cannot be reached or does not say it in time. Never throws. */
  ask<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** Called each time Redis answers again, also the first time. */
  onUp(listener: () => void): void;
  close(): void;
}

export interface RedisLinkOptions {
  readonly url: string;
  readonly prefix: string;
  /** For one question. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** How soon a lost connection is tried again. */
const RETRY_MS = 1_000;
/** A connection on which nothing is heard for so long while something is expected is given up. */
const SILENCE_MS = 2_000;
const CONNECT_MS = 2_000;

/**
 * Connects, and waits no longer for it than for an answer. One question that is not answered in time, or
 * with an error, takes the link down: nobody else waits until a probe, a real write, has succeeded.
 * Each change is logged once.
 */
export async function openRedisLink(options: RedisLinkOptions): Promise<RedisLink> {
  const link = new Link(options);
  await link.start();
  return link;
}

class Link implements RedisLink {
  readonly client: Redis;
  readonly #options: RedisLinkOptions;
  readonly #listeners: (() => void)[] = [];
  readonly #settled = Promise.withResolvers<void>();
  #state: "starting" | "up" | "down" = "starting";
  /** Grows when the link goes down: what fails later belongs to a connection that is gone. */
  #downs = 0;
  #reason = "closed";
  #isClosed = false;
  misses = 0;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.client = new Redis(options.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      disconnectTimeout: options.timeoutMs,
      retryStrategy: () => (this.#isClosed ? null : RETRY_MS),
    });
    this.client.on("ready", () => void this.#probe());
    this.client.on("close", () => this.#goDown(this.#reason));
    this.client.on("error", (thrown: unknown) => (this.#reason = toReason(thrown)));
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  async start(): Promise<void> {
    // Why it failed is heard as an event; it is tried again.
    this.client.connect().catch(() => undefined);
    await this.#within(this.#settled.promise).catch(() => this.#goDown("timeout"));
  }

  async ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    const downs = this.#downs;
    if (this.isUp) {
      try {
        return await this.#within(work());
      } catch (thrown) {
        if (downs === this.#downs) this.#lose(thrown);
      }
    }
    this.misses += 1;
    return undefined;
  }

  onUp(listener: () => void): void {
    this.#listeners.push(listener);
    if (this.isUp) listener();
  }

  close(): void {
    this.#isClosed = true;
    this.client.disconnect();
  }

  /** A Redis that is full, or one that may only be read, answers and is of no use. */
  async #probe(): Promise<void> {
    try {
      await this.#within(this.client.set(`${this.#options.prefix}:probe`, "1", "PX", RETRY_MS));
    } catch (thrown) {
      this.#lose(thrown);
      return;
    }
    if (this.isUp) return;
    this.#state = "up";
    this.#reason = "closed";
    this.#options.log.info("limits-shared", {});
    this.#settled.resolve();
    for (const listener of this.#listeners) listener();
  }

  #lose(thrown: unknown): void {
    this.#goDown(toReason(thrown));
    this.client.disconnect(true);
  }

  #goDown(reason: string): void {
    this.#settled.resolve();
    if (this.#state === "down" || this.#isClosed) return;
    this.#state = "down";
    this.#downs += 1;
    this.#options.log.warn("limits-not-shared", { reason });
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    const { clock, timeoutMs: budgetMs } = this.#options;
    using deadline = startDeadline({ clock, budgetMs, stage: "redis" });
    return await untilAborted(work, deadline.signal);
  }
}

/** Codes alone: words may hold addresses. Redis says its own first: WRONGPASS, NOAUTH, READONLY, OOM, MOVED. */
function toReason(thrown: unknown): string {
  if (thrown instanceof AppError) return "timeout";
  const { code, name, message } = thrown as NodeJS.ErrnoException;
  if (code !== undefined) return code;
  if (name !== "ReplyError") return "closed";
  return /^[A-Z]+(?= )/.exec(message)?.[0] ?? "refused";
}
