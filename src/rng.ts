// Seeded random numbers: a seed and a name give an independent stream; nothing is global.
import { CutoutError } from "./error.ts";
import { Xoroshiro128plus } from "./xoroshiro128plus.ts";

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
  const key = new Key(seed, name, numbers);
  return new Stream(key.words, key.hash);
}

/**
 * The streams `stream(seed, name, ...numbers, index)` for a loop over many indices, at a tenth of the cost.
 * @returns gives the stream of an index. It is the same object every time: the stream given before is over.
 */
export function streamSeries(
  seed: number,
  name: string,
  ...numbers: readonly number[]
): (index: number) => Rng {
  const key = new Key(seed, name, numbers);
  const hash = new Int32Array(4);
  const current = new Stream(key.words + 2, key.hash);
  return (index) => {
    hash.set(key.beforeName);
    mixNumber(hash, index);
    mixName(hash, name);
    current.restart(key.words + 2, hash);
    return current;
  };
}

const twoTo32 = 2 ** 32;

class Stream implements Rng {
  private readonly generator = new Xoroshiro128plus();

  constructor(words: number, hash: Int32Array) {
    this.restart(words, hash);
  }

  restart(words: number, hash: Int32Array): void {
    const [a, b, c, d] = [
      finish(hash[0]!, words),
      finish(hash[1]!, words),
      finish(hash[2]!, words),
      finish(hash[3]!, words),
    ];
    if ((a | b | c | d) === 0) this.generator.setState(1, 0, 0, 0);
    else this.generator.setState(a, b, c, d);
  }

  uniform(): number {
    return (this.generator.next() >>> 0) / twoTo32;
  }

  integer(bound: number): number {
    if (!(bound >= 1 && bound <= twoTo32) || !Number.isInteger(bound)) {
      throw new CutoutError({
        where: "rng",
        option: "bound",
        what: "must be an integer from 1 to 2^32",
        got: String(bound),
      });
    }
    for (;;) {
      const draw = this.generator.next() >>> 0;
      const result = draw % bound;
      // The last multiples of the bound that do not fit whole into 2^32 are drawn again.
      if (draw - result + bound <= twoTo32) return result;
    }
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  seed(): number {
    return this.generator.next();
  }
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

/** 128 bits of state from a key: four MurmurHash3 (32 bit) passes with different starts over the same words. */
class Key {
  readonly words: number;
  readonly hash: Int32Array;
  /** Before the letters of the name, which come last: where a further number would go. */
  readonly beforeName: Int32Array;

  constructor(seed: number, name: string, numbers: readonly number[]) {
    this.words = 2 * (2 + numbers.length) + name.length;
    this.hash = Int32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667);
    mixNumber(this.hash, seed);
    mixNumber(this.hash, name.length);
    for (const number of numbers) mixNumber(this.hash, number);
    this.beforeName = this.hash.slice();
    mixName(this.hash, name);
  }
}

/** Two words: a number of up to 53 bits. */
function mixNumber(hash: Int32Array, number: number): void {
  if (!Number.isSafeInteger(number))
    throw new CutoutError({ where: "rng", option: "keys", what: "must be integers", got: String(number) });
  mix(hash, number | 0);
  mix(hash, Math.floor(number / twoTo32) | 0);
}

function mixName(hash: Int32Array, name: string): void {
  for (let index = 0; index < name.length; index++) mix(hash, name.charCodeAt(index));
}

/** MurmurHash3's step for one word, in all four passes. */
function mix(hash: Int32Array, word: number): void {
  let mixed = Math.imul(word, 0xcc9e2d51);
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  for (let pass = 0; pass < 4; pass++) {
    let state = hash[pass]! ^ mixed;
    state = (state << 13) | (state >>> 19);
    hash[pass] = Math.imul(state, 5) + 0xe6546b64;
  }
}

/** MurmurHash3's end. */
function finish(state: number, words: number): number {
  let hash = state ^ (words * 4);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
