/** Port: what keys have used up, in windows of time and in runs under way. */

export const WINDOW_MS = { minute: 60_000, day: 24 * 60 * 60_000 } as const;
export type WindowName = keyof typeof WINDOW_MS;

export interface Use {
  readonly used: number;
  /** Until the window is over. */
  readonly resetMs: number;
}

export interface Counts {
  /** Adds to what an id has used in its window, which begins with the first use; how it stands after that. */
  add(window: WindowName, id: string, amount: number): Promise<Use>;
  /** How an id stands in its window. */
  read(window: WindowName, id: string): Promise<Use>;
  /** Counts a run of an id until the result is called; undefined when there are `max` of them already. */
  beginRun(id: string, max: number): Promise<(() => void) | undefined>;
}
