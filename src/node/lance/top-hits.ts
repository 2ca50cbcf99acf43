/** The best of many scores without sorting them all. */

/**
 * Rows of the `limit` highest scores above `floor`, best first; of equal scores the lower row is first.
 * A heap of the best so far whose top is the worst of them: most scores are turned away by one comparison.
 */
export function findTopRows(scores: Float32Array, limit: number, floor: number): readonly number[] {
  const heap: number[] = [];
  const isWorse = (a: number, b: number): boolean => {
    const [left, right] = [scores[a] ?? 0, scores[b] ?? 0];
    return left < right || (left === right && a > b);
  };
  for (let row = 0; row < scores.length; row += 1) {
    if (!((scores[row] as number) > floor)) continue;
    if (heap.length < limit) {
      heap.push(row);
      siftUp(heap, isWorse);
    } else if (isWorse(heap[0] ?? 0, row)) {
      heap[0] = row;
      siftDown(heap, isWorse);
    }
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
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && isWorse(heap[child] ?? 0, heap[worst] ?? 0)) worst = child;
    }
    if (worst === at) return;
    swap(heap, at, worst);
    at = worst;
  }
}

function swap(heap: number[], a: number, b: number): void {
  [heap[a], heap[b]] = [heap[b] ?? 0, heap[a] ?? 0];
}
