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
  const heap = new Int32Array(Math.min(limit, scores.length));
  let size = 0;
  /** What a score must be above to get in. Rows come in order, so one that is equal is worse. */
  let bar = floor;
  for (let row = 0; row < scores.length; row += 1) {
    if (!((scores[row] as number) > bar)) continue;
    if (passes?.(row) === false) continue;
    if (size < heap.length) siftUp(heap, size++, row, scores);
    else siftDown(heap, size, row, scores);
    if (size === heap.length) bar = scores[heap[0] as number] as number;
  }
  const best: number[] = [];
  while (size > 0) {
    best.push(heap[0] as number);
    size -= 1;
    siftDown(heap, size, heap[size] as number, scores);
  }
  return best.toReversed();
}

/** Puts the row at the end of a heap that has `at` others, or nearer to its top. */
function siftUp(heap: Int32Array, at: number, row: number, scores: Float32Array): void {
  let place = at;
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent] as number;
    if (!isWorse(row, above, scores)) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = row;
}

/** Puts the row in the place of the top, or further down. */
function siftDown(heap: Int32Array, size: number, row: number, scores: Float32Array): void {
  let place = 0;
  for (let child = 1; child < size; child = 2 * place + 1) {
    const next = child + 1;
    if (next < size && isWorse(heap[next] as number, heap[child] as number, scores)) child = next;
    const below = heap[child] as number;
    if (!isWorse(below, row, scores)) break;
    heap[place] = below;
    place = child;
  }
  heap[place] = row;
}

function isWorse(a: number, b: number, scores: Float32Array): boolean {
  const left = scores[a] as number;
  const right = scores[b] as number;
  return left < right || (left === right && a > b);
}
