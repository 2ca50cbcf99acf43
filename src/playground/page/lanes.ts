/** The arithmetic of the waterfall: how long the axis is, where its ticks are, how much ran at once. */
import type { Span } from "./fold.ts";

/** How many spans were under way from this moment to the next. */
export interface Level {
  readonly fromMs: number;
  readonly toMs: number;
  readonly running: number;
}

/** The end of the axis: the last end of all, and at least a little. */
export function toExtentMs(spans: readonly Span[]): number {
  return Math.max(1, ...spans.map(({ endMs }) => endMs));
}

/** Where the search was over: the last end of what is not writing, which would else leave it a sliver. */
export function toSearchMs(spans: readonly Span[]): number {
  return toExtentMs(spans.filter(({ stage }) => !/^(answer|gather|repair)/.test(stage)));
}

/** Round moments between the start and the end of the axis, the start among them; about `ticksMax` of them. */
export function toTicks(extentMs: number, ticksMax = 6): readonly number[] {
  const rough = extentMs / ticksMax;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let at = 0; at * step < extentMs; at += 1) ticks.push(at * step);
  return ticks;
}

/** How much ran at the same time, moment for moment. */
export function toLevels(spans: readonly Span[]): readonly Level[] {
  const moments = spans
    .flatMap(({ startMs, endMs }) => [
      { atMs: startMs, change: 1 },
      { atMs: endMs, change: -1 },
    ])
    .toSorted((a, b) => a.atMs - b.atMs || a.change - b.change);
  const levels: Level[] = [];
  let running = 0;
  for (const [index, { atMs, change }] of moments.entries()) {
    running += change;
    const toMs = moments[index + 1]?.atMs ?? atMs;
    if (toMs > atMs) levels.push({ fromMs: atMs, toMs, running });
  }
  return levels;
}

/** The most that ran at the same time. */
export function toPeak(levels: readonly Level[]): number {
  return Math.max(0, ...levels.map(({ running }) => running));
}
