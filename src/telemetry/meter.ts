/** Port: counters, histograms and gauges. Labels have few values; no content, no caller, no secret. */
import type { MetricName } from "./metric-table.ts";

export type Labels = Readonly<Record<string, string>>;

export interface Meter {
  /** Adds to a counter, one unless told otherwise. */
  count(name: MetricName, labels?: Labels, by?: number): void;
  /** Puts a value, in seconds, into a histogram. */
  observe(name: MetricName, seconds: number, labels?: Labels): void;
  /** Has values read whenever someone looks: gauges, and counters that are kept elsewhere. */
  onRead(read: (set: SetValue) => void): void;
}

/** The value of a series at the moment of reading. */
export type SetValue = (name: MetricName, value: number, labels?: Labels) => void;

/** Counts nothing. */
export const silentMeter: Meter = { count() {}, observe() {}, onRead() {} };
