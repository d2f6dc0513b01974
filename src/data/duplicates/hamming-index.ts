// Finds all 64-bit hashes near a given one without comparing it with every other.

/**
 * Multi-index hashing (Norouzi, Punjani and Fleet 2012): hashes are filed under each of their four 16-bit parts. Two
 * that differ in at most d bits differ in at most d/4 bits (rounded down) in some part, so it is enough to look there.
 */
export interface HammingIndex {
  /**
   * Calls `visit` once for each filed hash within `distance` of the given one, in no particular order.
   */
  search(low: number, high: number, visit: (index: number, distance: number) => void): void;
}

const parts = 4;
const partBits = 16;

/**
 * @param hashes lower and upper half of each hash in turn, [2 count]
 * @param distance largest number of different bits, 0 to 15
 */
export function hammingIndex(hashes: Uint32Array, distance: number): HammingIndex {
  const count = hashes.length / 2;
  const tables = Array.from({ length: parts }, (_, part) => fileBy(hashes, count, part));
  const near = Math.floor(distance / parts);
  const flips = masksWithin(near);
  return {
    search(low, high, visit) {
      for (let part = 0; part < parts; part++) {
        const { starts, indices } = tables[part]!;
        const own = partOf(low, high, part);
        for (const flip of flips) {
          const key = own ^ flip;
          for (let at = starts[key]!; at < starts[key + 1]!; at++) {
            const index = indices[at]!;
            const lowBits = low ^ hashes[2 * index]!;
            const highBits = high ^ hashes[2 * index + 1]!;
            const bits = popcount(lowBits) + popcount(highBits);
            if (bits > distance) continue;
            // Found under an earlier part already?
            let earlier = false;
            for (let before = 0; before < part && !earlier; before++) {
              earlier = popcount(partOf(lowBits, highBits, before)) <= near;
            }
            if (!earlier) visit(index, bits);
          }
        }
      }
    },
  };
}

interface Table {
  /** Where the hashes of each key begin in `indices`, [2^16 + 1]. */
  readonly starts: Uint32Array;
  readonly indices: Uint32Array;
}

/** Counting sort by one part. */
function fileBy(hashes: Uint32Array, count: number, part: number): Table {
  const starts = new Uint32Array(2 ** partBits + 1);
  const keyOf = (index: number) => partOf(hashes[2 * index]!, hashes[2 * index + 1]!, part);
  for (let index = 0; index < count; index++) starts[keyOf(index) + 1]!++;
  for (let key = 0; key < 2 ** partBits; key++) starts[key + 1]! += starts[key]!;
  const next = starts.slice();
  const indices = new Uint32Array(count);
  for (let index = 0; index < count; index++) indices[next[keyOf(index)]!++] = index;
  return { starts, indices };
}

function partOf(low: number, high: number, part: number): number {
  return ((part < 2 ? low : high) >>> (partBits * (part & 1))) & 0xffff;
}

/** All 16-bit numbers with at most `bits` ones. */
function masksWithin(bits: number): readonly number[] {
  return Array.from({ length: 2 ** partBits }, (_, mask) => mask).filter((mask) => popcount(mask) <= bits);
}

/** Number of ones of a 32-bit number. */
function popcount(value: number): number {
  let bits = value - ((value >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
