/** A signal that never aborts: for work that nobody gives up, such as a write that has begun. */
export const NEVER: AbortSignal = new AbortController().signal;
