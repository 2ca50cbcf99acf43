/** Work that starts one piece a turn of the event loop, in the order in which it came. */

/** Calls back in the next turn, behind the input that waits by then. */
export type NextTurn = (callback: () => void) => void;

/**
 * Gives a function that resolves when it is the caller's turn. When many come at once, each goes on with
 * what it has begun before the next one starts: all of them started together would all be answered late.
 */
export function createTurns(next: NextTurn): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const callOne = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) next(callOne);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) next(callOne);
    });
}
