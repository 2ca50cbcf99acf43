/** Shows readers a collection that was built anew beside itself. */
import { AppError } from "../../src/errors.ts";
import type { Rebuild } from "../collection/open-collection.ts";
import { toPrintable } from "../loaders/load-event.ts";
import { findKept } from "./carry-over.ts";
import type { ReadScope } from "./read-changes.ts";
import type { SyncPlan } from "./sync-plan.ts";

/** Documents that a refusal names. */
const LOST_SHOWN_MAX = 10;

/**
 * Points readers to the new generation. Throws AppError unsupported_option when it lacks documents that are to stay
 * and could not be carried over: publishing it would lose them. `acceptLoss` gives them up.
 */
export async function publishRebuild(
  { writer, documents: old }: Rebuild,
  plan: Pick<SyncPlan, "collection" | "acceptLoss">,
  { scope, gone }: { readonly scope: ReadScope; readonly gone: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<void> {
  const present = await writer.documents(signal);
  const lost = findKept({ old, present, gone }, scope);
  if (lost.length > 0 && plan.acceptLoss !== true) {
    const shown = lost.slice(0, LOST_SHOWN_MAX).map(({ id }) => toPrintable(id));
    const more = lost.length > shown.length ? `, and ${lost.length - shown.length} more` : "";
    throw new AppError("unsupported_option", {
      detail: `the new generation of ${plan.collection} lacks ${lost.length} of its documents that could not be carried over (${shown.join(", ")}${more}): mend what is said about them above and run the same command again, or give them up with --accept-loss; questions are answered from the old generation`,
    });
  }
  scope.tally.removed += lost.length;
  await writer.publish(signal);
}
