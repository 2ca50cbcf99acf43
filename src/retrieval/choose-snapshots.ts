/** Which of the opened collections a filter can match in. */
import { type Filter, listMetadataFields } from "../domain/filter.ts";
import { AppError, toAppError } from "../errors.ts";
import { checkFilter } from "../domain/check-filter.ts";
import type { Snapshot } from "../stores/store.ts";
import type { Opened } from "./open-collections.ts";

/** Collections that can be searched with the filter, and why the others cannot. */
export interface ChosenSnapshots {
  readonly snapshots: readonly Snapshot[];
  readonly passedOver: readonly PassedOver[];
}

/** Not opened, or nothing in it can match. */
export interface PassedOver {
  readonly collection: string;
  readonly why: AppError | "filter_field_unknown";
}

/**
 * A collection that does not know a field of the filter has nothing that matches it, and is skipped.
 * Throws AppError invalid_filter for a field that no collection asked knows, and for a condition that none can check.
 */
export function chooseSnapshots(
  opened: readonly Opened[],
  filter: Filter | undefined,
): ChosenSnapshots {
  const fields = filter === undefined ? [] : listMetadataFields(filter);
  const open = opened.flatMap((one) => ("snapshot" in one ? [one.snapshot] : []));
  const knows = ({ info }: Snapshot, field: string): boolean => Object.hasOwn(info.metadata, field);
  const unknown = fields.filter((field) => open.every((snapshot) => !knows(snapshot, field)));
  if (unknown.length > 0 && open.length > 0) {
    throw new AppError("invalid_filter", {
      detail: `no collection asked has the metadata field ${unknown.join(", ")}; fields are declared when a collection is made, with: pnpm ingest --metadata name:type`,
    });
  }
  const isMatchable = (snapshot: Snapshot): boolean =>
    fields.every((field) => knows(snapshot, field));
  const passedOver = opened.flatMap((one): readonly PassedOver[] => {
    if ("error" in one) return [{ collection: one.collection, why: one.error }];
    const { collection, snapshot } = one;
    return isMatchable(snapshot) ? [] : [{ collection, why: "filter_field_unknown" }];
  });
  const snapshots = open.filter(isMatchable);
  if (filter !== undefined) checkTypes(filter, snapshots);
  return { snapshots, passedOver };
}

/** Throws what the first has against the filter, where all have something. */
function checkTypes(filter: Filter, snapshots: readonly Snapshot[]): void {
  let fault: AppError | undefined;
  for (const { info } of snapshots) {
    try {
      checkFilter(filter, info);
      return;
    } catch (thrown) {
      fault ??= toAppError(thrown);
    }
  }
  if (fault !== undefined) throw fault;
}
