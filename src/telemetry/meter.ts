/** Port: counters, for metrics. Labels have few values; no content, no caller, no secret. */

export interface Meter {
  /** Adds one. */
  count(name: string, labels?: Readonly<Record<string, string>>): void;
}

/** Counts nothing. */
export const silentMeter: Meter = { count() {} };
