/** Work of which only some starts in one turn of the event loop, in the order in which it came. */

/** Calls back in the next turn, behind the input that waits by then. */
export type NextTurn = (callback: () => void) => void;

/**
 * Gives a function that resolves when it is the caller's turn, `perTurn` callers at a time. When hundreds
 * come at once, those that have begun go on before more begin: started together, all would be too late.
 */
export function createTurns(next: NextTurn, perTurn: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const callSome = (): void => {
    for (const start of waiting.splice(0, perTurn)) start();
    if (waiting.length > 0) next(callSome);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) next(callSome);
    });
}
