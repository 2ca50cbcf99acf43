/** The statistics of terms as a reader of one version keeps them. */
import type { Clock } from "../../async/clock.ts";
import type { TermTable } from "./term-table.ts";

interface KeepTermsOptions {
  /** Of the rows that are read. */
  readonly version: number;
  readonly clock: Clock;
  readonly freshnessMs: number;
}

export interface TermsKeep {
  /** What is kept; undefined where it has to be loaded. */
  readonly find: () => { readonly counted: TermTable | undefined } | undefined;
  /** Gives them back. */
  readonly keep: (counted: TermTable | undefined) => TermTable | undefined;
}

/**
 * Keeps nothing yet. Statistics of an older version are kept for `freshnessMs` alone: a write saves its own after its
 * rows, and a small one does so without another version of these, by which a reader would notice.
 */
export function createTermsKeep({ version, clock, freshnessMs }: KeepTermsOptions): TermsKeep {
  let kept: { readonly counted: TermTable | undefined; readonly untilMs: number } | undefined;
  return {
    find: () => (kept !== undefined && clock.now() < kept.untilMs ? kept : undefined),
    keep(counted) {
      const isCurrent = counted !== undefined && counted.version >= version;
      kept = { counted, untilMs: isCurrent ? Infinity : clock.now() + freshnessMs };
      return counted;
    },
  };
}
