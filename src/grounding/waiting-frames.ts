/**
 * Headings, lead-ins and the like under `withhold` and `repair`: each waits until something below it is shown, and goes
 * with what it frames where all of that is left out. A list without its items, or a table without its rows, says nothing.
 */
import { ENTRY, FENCE } from "../text/line-forms.ts";
import type { Settled } from "./ground.ts";

export interface WaitingFrames {
  /** Takes the next one, and drops those that it stands beside and that all was left out of; gives what is shown at once. */
  add(settled: Settled, text: string): readonly Settled[];
  /** Something below them was left out. */
  leaveOut(): void;
  /** Something below them is shown, and so are they, but for what led in to a list or table that is over. */
  take(text: string): readonly Settled[];
  /** The same, as if they had never come. */
  undo(): readonly Settled[];
  /** The answer is over: those that nothing was left out of. */
  end(): readonly Settled[];
}

interface Frame {
  readonly settled: Settled;
  /** Of a heading, from 1; of anything else it is above all of them. */
  readonly level: number;
  readonly isFence: boolean;
  isSpent: boolean;
}

const HEADING = /^(#{1,6})\s/u;
const LEVEL_BELOW = 7;

/** A heading may have more below it; a lead-in of which all was left out has nothing. */
function isLeft({ isSpent, level }: Frame): boolean {
  return !isSpent || level < LEVEL_BELOW;
}

export function createWaitingFrames(): WaitingFrames {
  let waiting: Frame[] = [];
  let inFence = false;

  const takeAll = (): readonly Settled[] => {
    const all = waiting.map(({ settled }) => settled);
    waiting = [];
    return all;
  };

  return {
    add(settled, text) {
      const isFence = FENCE.test(text);
      if (isFence) inFence = !inFence;
      if (isFence && !inFence) {
        const opening = waiting.findLastIndex((one) => one.isFence);
        // The end of some code goes with its beginning.
        if (opening < 0) return [...takeAll(), settled];
        waiting = waiting.slice(0, opening).filter(isLeft);
        return [];
      }
      const level = HEADING.exec(text)?.[1]?.length ?? LEVEL_BELOW;
      // Those that all was left out of come first.
      if (waiting[0]?.isSpent === true) {
        waiting = waiting.filter((one) => !one.isSpent || one.isFence || one.level < level);
      }
      waiting.push({ settled, level, isFence, isSpent: false });
      return [];
    },
    leaveOut() {
      for (let at = waiting.length - 1; waiting[at]?.isSpent === false; at -= 1) {
        const one = waiting[at];
        if (one !== undefined) one.isSpent = true;
      }
    },
    take(text) {
      if (!inFence && !ENTRY.test(text)) waiting = waiting.filter(isLeft);
      return takeAll();
    },
    undo() {
      if (waiting.some((one) => one.isFence)) inFence = false;
      return takeAll();
    },
    end() {
      waiting = waiting.filter(({ isSpent, isFence }) => !isSpent && !isFence);
      return takeAll();
    },
  };
}
