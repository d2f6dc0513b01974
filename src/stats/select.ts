// The k-th largest of many numbers without sorting them all.

/**
 * The value at `rank` (0: the largest) in falling order; the order of `values` is changed (Hoare's quickselect, with
 * those equal to the pivot in the middle).
 */
export function selectLargest(values: Float64Array, rank: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = median(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let above = low;
    let below = high;
    for (let at = low; at <= below; ) {
      const value = values[at]!;
      if (value > pivot) swap(values, above++, at++);
      else if (value < pivot) swap(values, at, below--);
      else at++;
    }
    if (rank < above) high = above - 1;
    else if (rank > below) low = below + 1;
    else return pivot;
  }
  return values[low]!;
}

function swap(values: Float64Array, i: number, j: number): void {
  const kept = values[i]!;
  values[i] = values[j]!;
  values[j] = kept;
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
