/** Which of the opened collections a filter can match in. */
import { type Filter, listMetadataFields } from "../domain/filter.ts";
import { AppError } from "../errors.ts";
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
 * Throws AppError invalid_filter for a field that no collection asked knows.
 */
export function chooseSnapshots(
  opened: readonly Opened[],
  filter: Filter | undefined,
): ChosenSnapshots {
  const fields = filter === undefined ? [] : listMetadataFields(filter);
  const open = opened.flatMap((one) => ("snapshot" in one ? [one.snapshot] : []));
  const knows = ({ info }: Snapshot, field: string): boolean => field in info.metadata;
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
  return { snapshots: open.filter(isMatchable), passedOver };
}
