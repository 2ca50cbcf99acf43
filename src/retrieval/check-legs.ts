/** Whether what the legs came to is enough for an answer, and what is missing from it. */
import type { Ask } from "../domain/ask.ts";
import { isLost, type Leg } from "../domain/event.ts";
import { AppError, type ErrorCode } from "../errors.ts";
import type { Run } from "../run.ts";
import type { LegResult } from "./leg.ts";

/**
 * Throws AppError when too little answered for an honest result: everything failed, a required collection
 * does not exist or is missing, or fewer than `legsMin` legs answered; and when there are fewer than that.
 */
export function checkLegs(results: readonly LegResult[], ask: Ask): void {
  const legs = results.map(({ leg }) => leg);
  const answered = legs.filter((leg) => !isLost(leg));
  if (answered.length === 0 && legs.length > 0) {
    throw new AppError(toRunCode(legs), {
      stage: "search",
      ...toSoonest(results),
      ...toReason(results),
    });
  }
  const { require, legsMin } = ask.retrieval;
  const unknown = require.filter((name) => !legs.some(({ collection }) => collection === name));
  if (unknown.length > 0) {
    const names = [...new Set(legs.map(({ collection }) => collection))].join(", ");
    throw new AppError("collection_not_found", {
      stage: "search",
      detail: `required, and no collection has this name: ${unknown.join(", ")}; there are: ${names}`,
    });
  }
  const whole = answered.filter((leg) => !isIncomplete(leg));
  const missing = require.filter((name) => !whole.some(({ collection }) => collection === name));
  if (missing.length > 0) {
    throw new AppError("collection_unavailable", {
      stage: "search",
      detail: `required and not available: ${missing.join(", ")}`,
    });
  }
  if (legs.length > 0 && legs.length < legsMin) {
    throw new AppError("invalid_request", {
      stage: "search",
      detail: `retrieval.legsMin is ${legsMin}, and there are only ${legs.length} legs: one for each collection and retriever`,
    });
  }
  if (answered.length < legsMin) {
    throw new AppError("store_unavailable", {
      stage: "search",
      ...toSoonest(results),
      detail: `${answered.length} of ${legs.length} legs answered, legsMin is ${legsMin}`,
    });
  }
}

/** When the first of those that failed may work again, where one named a time. */
function toSoonest(results: readonly LegResult[]): { readonly retryAfterMs?: number } {
  const named = results.flatMap(({ error }) => error?.retryAfterMs ?? []);
  return named.length === 0 ? {} : { retryAfterMs: Math.min(...named) };
}

/** Why the first that says it failed, before those that were late: often all did for the same reason, and it names the setting to look at. */
function toReason(results: readonly LegResult[]): { readonly detail?: string } {
  const { failed = [], late = [] } = Object.groupBy(results, ({ leg }) =>
    leg.status === "failed" ? "failed" : "late",
  );
  const [detail] = [...failed, ...late].flatMap(({ error }) => error?.detail ?? []);
  return detail === undefined ? {} : { detail };
}

/** It found, and a part of its collection did not answer. */
function isIncomplete({ status, code }: Leg): boolean {
  return status === "found" && code !== undefined;
}

/** All legs failed: late ones make a 504, anything else a 503. */
function toRunCode(legs: readonly Leg[]): ErrorCode {
  return legs.every(({ status }) => status === "timed-out")
    ? "deadline_exceeded"
    : "store_unavailable";
}

/** One code for what is missing, the widest that is true: an arm, a collection, or a single leg. */
export async function reportMissing(legs: readonly Leg[], run: Run): Promise<void> {
  const lostArms = (["keyword", "vector"] as const).filter((retriever) => {
    const arm = legs.filter((leg) => leg.retriever === retriever);
    return arm.length > 0 && arm.every(isLost);
  });
  for (const retriever of lostArms) await run.degrade(`${retriever}_unavailable`);
  for (const { collection, retriever } of legs.filter(isIncomplete)) {
    await run.degrade(`leg_incomplete:${collection}/${retriever}`);
  }
  for (const [collection, group] of Map.groupBy(legs, (leg) => leg.collection)) {
    const lost = group.filter((leg) => isLost(leg) && !lostArms.includes(leg.retriever));
    if (lost.length === 0) continue;
    if (lost.length === group.length) await run.degrade(`collection_unavailable:${collection}`);
    else
      for (const { retriever } of lost)
        await run.degrade(`leg_unavailable:${collection}/${retriever}`);
  }
}
