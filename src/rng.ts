// Seeded random numbers: a seed and a name give an independent stream; nothing is global.
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/**
 * A stream of random numbers. Two streams with the same key are the same, whoever draws them,
 * in whatever order and on whatever thread.
 */
export interface Rng {
  /** Uniform in [0, 1), 32 random bits. */
  uniform(): number;
  /** Uniform integer in [0, bound), without modulo bias. `bound` is an integer in [1, 2^32]. */
  integer(bound: number): number;
  /** Standard normal (Box-Muller, one value a call). */
  normal(): number;
  /** Uniform 32-bit integer, signed: a seed for something else. */
  seed(): number;
}

/** One random stream for each (seed, name, ...numbers), for example `stream(seed, "augment", epoch, index)`. */
export function stream(seed: number, name: string, ...numbers: readonly number[]): Rng {
  const generator = xoroshiro128plusFromState(keyOf(seed, name, numbers));
  const next = () => generator.next() >>> 0;
  return {
    uniform: () => next() / 2 ** 32,
    integer(bound) {
      if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
        throw new Error(`rng: bound must be an integer from 1 to 2^32, got ${bound}`);
      }
      const fair = 2 ** 32 - (2 ** 32 % bound);
      let draw = next();
      while (draw >= fair) draw = next();
      return draw % bound;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - next() / 2 ** 32)) * Math.cos((2 * Math.PI * next()) / 2 ** 32),
    seed: () => generator.next(),
  };
}

/** The indices 0 .. count-1 in random order (Fisher and Yates). */
export function permutation(rng: Rng, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = rng.integer(last + 1);
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
  return order;
}

/** 128 bits of state from the key: four MurmurHash3 (32 bit) passes with different starts. */
function keyOf(seed: number, name: string, numbers: readonly number[]): number[] {
  const words: number[] = [];
  for (const number of [seed, name.length, ...numbers]) {
    if (!Number.isSafeInteger(number)) throw new Error(`rng: keys must be integers, got ${number}`);
    words.push(number | 0, Math.floor(number / 2 ** 32) | 0);
  }
  for (let index = 0; index < name.length; index++) words.push(name.charCodeAt(index));
  const state = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667].map((start) => murmur3(words, start));
  return state.some((word) => word !== 0) ? state : [1, 0, 0, 0];
}

function murmur3(words: readonly number[], start: number): number {
  let hash = start | 0;
  for (const word of words) {
    let mixed = Math.imul(word, 0xcc9e2d51);
    mixed = (mixed << 15) | (mixed >>> 17);
    hash ^= Math.imul(mixed, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= words.length * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
