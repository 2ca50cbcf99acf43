/** How many retries an upstream is worth: a bucket of tokens that retries empty and successes fill. */
import type { ErrorCode } from "../errors.ts";

export interface RetryBudget {
  /** What is left. */
  readonly tokens: number;
  /** Takes the price of a retry after this failure; undefined when the bucket cannot pay it. */
  take(after: ErrorCode): number | undefined;
  /** After a success: gives back what its last retry had cost, or one token when it needed none. Also for a retry that is not sent after all. */
  refund(cost: number | undefined): void;
}

export interface RetryBudgetOptions {
  /** Size of the bucket, which starts full. */
  readonly tokensMax: number;
  readonly retryCost: number;
  /** Price of a retry after a stall: it has already cost the upstream the most. */
  readonly stallCost: number;
}

/** One token comes back with each success that needed no retry. */
const REFUND = 1;

/**
 * Creates a full bucket, after the standard retry mode of the AWS SDKs (500 tokens, 5 a retry, 10
 * after a timeout). An upstream that is wholly down thus gets a bounded number of retries, and one
 * that fails now and then as many as it needs.
 */
export function createRetryBudget(options: RetryBudgetOptions): RetryBudget {
  const { tokensMax, retryCost, stallCost } = options;
  let tokens = tokensMax;
  return {
    get tokens() {
      return tokens;
    },
    take(after) {
      const cost = after === "upstream_stalled" ? stallCost : retryCost;
      if (tokens < cost) return undefined;
      tokens -= cost;
      return cost;
    },
    refund(cost) {
      tokens = Math.min(tokensMax, tokens + (cost ?? REFUND));
    },
  };
}
