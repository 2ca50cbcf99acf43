/** Stops calling an upstream that fails, and finds out with one call at a time when it works again. */
import { AppError, type ErrorCode } from "../errors.ts";
import type { Clock } from "./clock.ts";
import { type Count, countNothing } from "./upstream-stats.ts";

export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerOptions {
  readonly clock: Clock;
  /** For people, named in the error: `the chat model "m"`. */
  readonly source: string;
  /** Opens when this share of the last outcomes are failures, 0 to 1. */
  readonly failureShare: number;
  /** Never opens on fewer outcomes than this. */
  readonly samplesMin: number;
  /** Outcomes that are looked back on. */
  readonly samplesMax: number;
  /** Outcomes older than this say nothing any more. */
  readonly windowMs: number;
  /**
   * Longest time between opening and the first probe, and between two probes. Each is up to a quarter shorter, by chance:
   * processes that lost an upstream in one moment would else all try it again in one.
   */
  readonly openMs: number;
  /** From 0 to below 1. */
  readonly random?: () => number;
  readonly count?: Count;
}

/** `patienceMs`: how long a caller would wait for the call; it matters to a breaker that is open for the hasty alone. */
export interface Breaker {
  /** `half-open`: some calls are let through, as a probe or because they have the time. */
  readonly state: BreakerState;
  /** Whether such a call is one that is refused, but for probes. */
  isOpenFor(patienceMs: number): boolean;
  /**
   * Throws AppError with `retryAfterMs` while a call would be refused: upstream_unavailable, or
   * deadline_exceeded where it is refused for want of patience alone.
   */
  check(patienceMs?: number): void;
  /**
   * Runs the call and learns from how it ends. `proof` may be called as soon as the upstream has shown
   * that it works, long before a stream is over. Throws what the work throws, and like `check`.
   */
  guard<T>(work: (proof: () => void) => Promise<T>, patienceMs?: number): Promise<T>;
}

/** What speaks against the upstream, and what proves that it works although the call failed. All else proves nothing. */
const FAILURES: ReadonlySet<ErrorCode> = new Set([
  "upstream_unavailable",
  "upstream_rate_limited",
  "upstream_stalled",
  "upstream_truncated",
  "upstream_bad_response",
  "upstream_config",
  "embedding_invalid",
]);
const REFUSALS_BY_CONTENT: ReadonlySet<ErrorCode> = new Set([
  "content_filtered",
  "context_too_long",
]);

/** A call that its caller's deadline cut sooner says nothing: any upstream may be silent for a moment. */
const SILENCE_MS_MIN = 1_000;
/** Who has no more than so many times that time would as a rule be cut like that as well. */
const HARDLY_MORE = 1.25;
const JITTER_SHARE = 0.25;
/** What a failure of the upstream itself says, it says to everyone, however patient. */
const EVERYONE = Number.POSITIVE_INFINITY;

/** How a call ended, where that says something: for callers of up to which patience it failed; 0: for none, it works. */
type FailedForMs = number | undefined;

/** The time for which calls are refused. */
interface Opening {
  /** Refused are callers who would wait no longer than this. */
  patienceMs: number;
  /** When the next probe may go, … */
  probeAtMs: number;
  /** … which callers with more patience than this need not wait for: the last one was cut too soon to say anything to them. */
  probedForMs: number;
  probe: Pass | undefined;
}

interface Pass {
  readonly sinceMs: number;
  /** The opening under which it was let through, as a probe or as a patient one. */
  readonly opening: Opening | undefined;
}

/**
 * Creates a closed breaker (after Nygard, "Release It!", 2007). It opens on the share of failures among
 * the last outcomes. When it is open one call is let through every `openMs`; its success closes the
 * breaker, and while it is out all others are refused, so that even a probe that hangs does not put
 * the recovery off by more than `openMs`. One that is slow closes it still, when it succeeds.
 *
 * A call that its caller's deadline cut after nothing but silence is a failure too, but only for those who would
 * wait no longer: a model that hangs is not waited for in vain by all the hasty, and one that is only slow is
 * never closed to the patient. A caller who leaves says nothing.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  return new SampledBreaker(options);
}

class SampledBreaker implements Breaker {
  readonly #options: BreakerOptions;
  readonly #sample: ReturnType<typeof createSample>;
  #opening: Opening | undefined;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#sample = createSample(options);
  }

  get state(): BreakerState {
    const opening = this.#opening;
    if (opening === undefined) return "closed";
    return opening.probe === undefined && opening.patienceMs === EVERYONE ? "open" : "half-open";
  }

  isOpenFor(patienceMs: number): boolean {
    return this.#opening !== undefined && patienceMs <= this.#opening.patienceMs;
  }

  check(patienceMs = EVERYONE): void {
    const { clock, source, count = countNothing } = this.#options;
    if (this.#opening === undefined || !this.isOpenFor(patienceMs)) return;
    const leftMs = this.#opening.probeAtMs - clock.now();
    if (leftMs <= 0 || patienceMs > this.#opening.probedForMs) return;
    count("refusals");
    const retryAfterMs = Math.ceil(leftMs);
    if (this.#opening.patienceMs === EVERYONE) {
      throw new AppError("upstream_unavailable", {
        detail: `${source} has failed lately and is not asked for the moment: try again later`,
        retryAfterMs,
      });
    }
    // What would become of it, only sooner: it does not say that the upstream is down.
    throw new AppError("deadline_exceeded", {
      detail: `${source} has lately been silent for longer than this call can wait: ask again with more time`,
      retryAfterMs,
    });
  }

  async guard<T>(work: (proof: () => void) => Promise<T>, patienceMs = EVERYONE): Promise<T> {
    this.check(patienceMs);
    const { clock } = this.#options;
    const pass = this.#admit(patienceMs);
    let proven = false;
    const proof = (): void => {
      if (!proven) this.#report(pass, 0);
      proven = true;
    };
    try {
      const result = await work(proof);
      proof();
      return result;
    } catch (thrown) {
      const silentMs = proven ? 0 : clock.now() - pass.sinceMs;
      this.#report(pass, judge(thrown, silentMs));
      throw thrown;
    }
  }

  #admit(patienceMs: number): Pass {
    const { clock } = this.#options;
    const opening = this.#opening;
    const pass = { sinceMs: clock.now(), opening };
    if (opening !== undefined && this.isOpenFor(patienceMs)) {
      opening.probe = pass;
      opening.probeAtMs = clock.now() + this.#drawOpenMs();
      opening.probedForMs = EVERYONE;
    }
    return pass;
  }

  #report(pass: Pass, failedForMs: FailedForMs): void {
    const { clock, count = countNothing } = this.#options;
    const opening = this.#opening;
    if (opening?.probe === pass) {
      opening.probe = undefined;
      // A probe that proved nothing makes room for the next one.
      opening.probeAtMs = clock.now() + (failedForMs === undefined ? 0 : this.#drawOpenMs());
      opening.probedForMs = failedForMs ?? EVERYONE;
    }
    if (failedForMs === undefined) return;
    if (failedForMs === EVERYONE) count("failures");
    if (pass.opening !== opening) return; // it says nothing of what has been since
    this.#sample.add(failedForMs);
    if (failedForMs > 0) this.#open();
    // Soon enough for those it is open for.
    else if (opening !== undefined && clock.now() - pass.sinceMs <= opening.patienceMs)
      this.#close();
  }

  /** For as many as the last outcomes speak against it, and never for fewer than before. */
  #open(): void {
    const patienceMs = this.#sample.findPatienceMs();
    if (patienceMs === 0) return;
    const probeAtMs = this.#options.clock.now() + this.#drawOpenMs();
    this.#opening ??= { patienceMs, probeAtMs, probedForMs: EVERYONE, probe: undefined };
    this.#opening.patienceMs = Math.max(this.#opening.patienceMs, patienceMs);
  }

  #drawOpenMs(): number {
    const { openMs, random = Math.random } = this.#options;
    return openMs * (1 - JITTER_SHARE * random());
  }

  #close(): void {
    this.#opening = undefined;
    this.#sample.clear();
  }
}

/** The last outcomes. */
function createSample(options: BreakerOptions) {
  const { clock, failureShare, samplesMin, samplesMax, windowMs } = options;
  let outcomes: readonly { readonly atMs: number; readonly failedForMs: number }[] = [];
  return {
    add(failedForMs: number): void {
      const nowMs = clock.now();
      outcomes = [...outcomes, { atMs: nowMs, failedForMs }]
        .filter(({ atMs }) => nowMs - atMs <= windowMs)
        .slice(-samplesMax);
    },
    clear(): void {
      outcomes = [];
    },
    /** Up to which patience a caller has reason to expect no more than a failure; 0: none has. */
    findPatienceMs(): number {
      const failures = outcomes
        .map(({ failedForMs }) => failedForMs)
        .filter((failedForMs) => failedForMs > 0)
        .toSorted((a, b) => Number(a < b) - Number(a > b));
      const successes = outcomes.length - failures.length;
      // The fewest that are enough, and those that waited longest: the others say nothing to who waits longer than they did.
      const enough = failures.findIndex((_, index) => {
        const failed = index + 1;
        const all = failed + successes;
        return all >= samplesMin && failed >= failureShare * all;
      });
      return failures[enough] ?? 0;
    },
  };
}

function judge(thrown: unknown, silentMs: number): FailedForMs {
  if (!(thrown instanceof AppError)) return undefined;
  const { code } = thrown;
  if (FAILURES.has(code)) return EVERYONE;
  if (REFUSALS_BY_CONTENT.has(code)) return 0;
  const isCut = code === "deadline_exceeded" && silentMs >= SILENCE_MS_MIN;
  return isCut ? HARDLY_MORE * silentMs : undefined;
}
