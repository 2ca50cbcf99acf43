/** The best of many scores without sorting them all. */

export interface TopOptions {
  readonly limit: number;
  /** Only scores above it count. */
  readonly floor?: number;
  /** Only rows that pass count; asked of those alone whose score is high enough. */
  readonly passes?: (row: number) => boolean;
}

/**
 * The rows with the highest scores, best first; of equal scores the lower row is first.
 * A heap of the best so far whose top is the worst of them: most scores are turned away by one comparison.
 */
export function findTopRows(
  scores: Float32Array,
  { limit, floor = Number.NEGATIVE_INFINITY, passes }: TopOptions,
): readonly number[] {
  const heap: number[] = [];
  const isWorse = (a: number, b: number): boolean => {
    const left = scores[a] as number;
    const right = scores[b] as number;
    return left < right || (left === right && a > b);
  };
  /** What a score must be above to get in. Rows come in order, so one that is equal is worse. */
  let bar = floor;
  for (let row = 0; row < scores.length; row += 1) {
    if (!((scores[row] as number) > bar)) continue;
    if (passes?.(row) === false) continue;
    if (heap.length < limit) {
      heap.push(row);
      siftUp(heap, isWorse);
    } else {
      heap[0] = row;
      siftDown(heap, isWorse);
    }
    if (heap.length === limit) bar = scores[heap[0] ?? 0] as number;
  }
  return heap.toSorted((a, b) => (isWorse(a, b) ? 1 : -1));
}

type Order = (a: number, b: number) => boolean;

function siftUp(heap: number[], isWorse: Order): void {
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isWorse(heap[at] ?? 0, heap[parent] ?? 0)) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function siftDown(heap: number[], isWorse: Order): void {
  for (let at = 0; ;) {
    let worst = at;
    for (let child = 2 * at + 1; child <= 2 * at + 2 && child < heap.length; child += 1) {
      if (isWorse(heap[child] ?? 0, heap[worst] ?? 0)) worst = child;
    }
    if (worst === at) return;
    swap(heap, at, worst);
    at = worst;
  }
}

function swap(heap: number[], a: number, b: number): void {
  const kept = heap[a] ?? 0;
  heap[a] = heap[b] ?? 0;
  heap[b] = kept;
}
