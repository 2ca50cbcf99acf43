/** At most so many calls and tokens in any minute: each call waits for its turn, or is told at once that it cannot have one. */
import { AppError } from "../errors.ts";
import { type Clock, sleep } from "./clock.ts";
import { findRemainingMs } from "./deadline.ts";
import { untilAborted } from "./until-aborted.ts";

export interface RateWindow {
  /**
   * Resolves when a call with this many tokens may go, first come first served; with the way to give the
   * turn back, should the call not be sent. Throws AppError upstream_rate_limited with `retryAfterMs`,
   * without waiting, when its turn would come after the signal's deadline; and the signal's reason when it
   * aborts in the wait.
   */
  take(tokens: number, signal: AbortSignal): Promise<() => void>;
}

/** The window of an upstream: its name, and most calls and tokens in any `windowMs`. */
export interface SharedWindow {
  readonly name: string;
  readonly callsMax: number;
  readonly tokensMax: number;
  readonly windowMs: number;
}

/** A turn that no other process will take. */
export interface SharedTurn {
  readonly waitMs: number;
  /** The turn is not needed. */
  cancel(): void;
}

/** Port: turns that several processes take in common. Does not throw or take long. */
export interface SharedTurns {
  /** Books the next turn for a call of so many tokens; undefined: not reached. */
  book(window: SharedWindow, tokens: number): Promise<SharedTurn | undefined>;
}

export interface RateWindowOptions {
  readonly clock: Clock;
  /** For people, named in the error. */
  readonly source: string;
  /** Most calls in any `windowMs`. */
  readonly callsMax?: number | undefined;
  /** Most tokens in any `windowMs`. A call of more than that goes as if it had exactly so many. */
  readonly tokensMax?: number | undefined;
  readonly windowMs?: number;
  /** Turns are taken in common with other processes, under this name. Out of reach, this process takes its own. */
  readonly shared?: { readonly turns: SharedTurns; readonly name: string } | undefined;
}

interface Turn {
  readonly atMs: number;
  readonly tokens: number;
}

const MINUTE_MS = 60_000;

/**
 * Creates a sliding window (a log of turns, not a counter that starts anew at each full minute, which
 * would let twice as many through around its edge). A turn is booked when the call comes, so that
 * nobody overtakes; a call that leaves the queue frees its turn.
 */
export function createRateWindow(options: RateWindowOptions): RateWindow {
  const { clock, source, shared, windowMs = MINUTE_MS } = options;
  const { callsMax = Number.POSITIVE_INFINITY, tokensMax = Number.POSITIVE_INFINITY } = options;
  /** Those of the last window and those still to come, in time's order. */
  let turns: readonly Turn[] = [];

  /** The first instant at which no window would hold too much. */
  const findTurn = (tokens: number): number => {
    const nowMs = clock.now();
    turns = turns.filter(({ atMs }) => atMs > nowMs - windowMs);
    let atMs = Math.max(nowMs, turns.at(-1)?.atMs ?? nowMs);
    let calls = 1;
    let sum = tokens;
    for (const turn of turns.toReversed()) {
      calls += 1;
      sum += turn.tokens;
      if (calls <= callsMax && sum <= tokensMax) continue;
      atMs = Math.max(atMs, turn.atMs + windowMs);
      break;
    }
    return atMs;
  };

  return {
    async take(wanted, signal) {
      const tokens = Math.min(wanted, tokensMax);
      // Booked here too, so that alone this process goes on from what it has sent itself.
      const window = { name: shared?.name ?? source, callsMax, tokensMax, windowMs };
      const common = shared && (await bookUntil(shared.turns.book(window, tokens), signal));
      const nowMs = clock.now();
      const atMs = Math.max(findTurn(tokens), nowMs + (common?.waitMs ?? 0));
      const waitMs = atMs - nowMs;
      if (waitMs >= findRemainingMs(signal)) {
        common?.cancel();
        throw new AppError("upstream_rate_limited", {
          detail: `${source} has had as many calls this minute as the settings allow: try again later`,
          retryAfterMs: Math.ceil(waitMs),
        });
      }
      const turn: Turn = { atMs, tokens };
      turns = [...turns, turn];
      const giveBack = (): void => {
        common?.cancel();
        turns = turns.filter((other) => other !== turn);
      };
      try {
        signal.throwIfAborted();
        if (waitMs > 0) await sleep(clock, waitMs, signal);
      } catch (thrown) {
        giveBack();
        throw thrown;
      }
      return giveBack;
    },
  };
}

/** The turn; one that is booked when nobody wants it any more is given back. Throws the signal's reason. */
async function bookUntil(
  booking: Promise<SharedTurn | undefined>,
  signal: AbortSignal,
): Promise<SharedTurn | undefined> {
  try {
    return await untilAborted(booking, signal);
  } catch (thrown) {
    void booking.then((turn) => turn?.cancel());
    throw thrown;
  }
}
