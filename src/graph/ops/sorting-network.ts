// Which pairs of places to put in order, one pair after the other, so that any list of a length comes out sorted.

/** Batcher's merge exchange, for any length (Knuth, The Art of Computer Programming 5.2.2, algorithm M). */
export function sortingNetwork(length: number): readonly (readonly [first: number, second: number])[] {
  const pairs: [number, number][] = [];
  const top = length < 2 ? 0 : 2 ** (Math.ceil(Math.log2(length)) - 1);
  for (let step = top; step > 0; step = Math.floor(step / 2)) {
    let [remainder, distance] = [0, step];
    for (let merge = top; ; merge /= 2) {
      for (let at = 0; at < length - distance; at++) {
        if ((at & step) === remainder) pairs.push([at, at + distance]);
      }
      if (merge === step) break;
      distance = merge - step;
      remainder = step;
    }
  }
  return pairs;
}
