// Random streams: independent, reproducible, uniform.
import fc from "fast-check";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { expect, it } from "vitest";
import { permutation, stream, streamSeries } from "./rng.ts";
import { Xoroshiro128plus } from "./xoroshiro128plus.ts";

const take = (count: number, ...key: Parameters<typeof stream>) => {
  const rng = stream(...key);
  return Array.from({ length: count }, () => rng.uniform());
};

it("the same key gives the same stream, another key another", () => {
  expect(take(20, 1, "augment", 3, 7)).toEqual(take(20, 1, "augment", 3, 7));
  const keys: Parameters<typeof stream>[] = [
    [1, "augment", 3, 7],
    [2, "augment", 3, 7],
    [1, "shuffle", 3, 7],
    [1, "augment", 7, 3],
    [1, "augment", 3],
    [1, "augment", 3, 8],
    [1 + 2 ** 32, "augment", 3, 7],
  ];
  expect(new Set(keys.map((key) => take(4, ...key).join())).size).toBe(keys.length);
});

it("is uniform, also across the first draws of neighbouring streams (chi-squared over 64 cells)", () => {
  const chiSquared = (draws: readonly number[]) => {
    const cells = new Array<number>(64).fill(0);
    for (const draw of draws) cells[Math.floor(draw * 64)]!++;
    const expected = draws.length / 64;
    return cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  };
  // 63 degrees of freedom: 99.9 % lie below 103.4, 0.1 % below 32.
  const within = take(20_000, 9, "one");
  const across = Array.from({ length: 20_000 }, (_, index) => take(1, 9, "many", 1, index)[0]!);
  for (const draws of [within, across]) {
    expect(chiSquared(draws)).toBeLessThan(103.4);
    expect(chiSquared(draws)).toBeGreaterThan(32);
  }
});

it("normal draws have mean 0 and deviation 1", () => {
  const rng = stream(4, "normal");
  const draws = Array.from({ length: 50_000 }, () => rng.normal());
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.abs(variance - 1)).toBeLessThan(0.03);
});

it("integers stay below their bound and reach every value", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, bound) => {
      const rng = stream(seed, "integers");
      const seen = new Set(Array.from({ length: 400 }, () => rng.integer(bound)));
      expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: bound }, (_, value) => value));
    }),
    { numRuns: 30, seed: 1 },
  );
  for (const bound of [0, -1, 1.5, 2 ** 33, Number.NaN]) {
    expect(() => stream(1, "x").integer(bound)).toThrow("rng: bound must be an integer from 1 to 2^32");
  }
});

it("a permutation holds every index once", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(300), (seed, count) => {
      const order = permutation(stream(seed, "order"), count);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
    }),
    { numRuns: 50, seed: 2 },
  );
});

it("keys must be whole numbers", () => {
  expect(() => stream(0.5, "x")).toThrow("rng: keys must be integers, got 0.5");
  expect(() => stream(1, "x", Number.NaN)).toThrow("rng: keys must be integers, got NaN");
});

it("the generator gives what pure-rand's xoroshiro128+ gives", () => {
  fc.assert(
    fc.property(fc.tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer()), ([a, b, c, d]) => {
      fc.pre((a | b | c | d) !== 0);
      const ours = new Xoroshiro128plus();
      ours.setState(a, b, c, d);
      const theirs = xoroshiro128plusFromState([a, b, c, d]);
      for (let draw = 0; draw < 50; draw++) expect(ours.next()).toBe(theirs.next());
    }),
    { numRuns: 50, seed: 3 },
  );
});

it("draws what it always drew: runs with a seed can be repeated with a later version", () => {
  const rng = stream(7, "augment", 3, 2 ** 40 + 5);
  expect([rng.seed(), rng.uniform(), rng.integer(10), rng.integer(3_000_000_000), rng.normal()]).toEqual([
    747953752, 0.765312603674829, 1, 923387553, -0.9277039623953588,
  ]);
});

it("a series gives the streams of its indices", () => {
  fc.assert(
    fc.property(
      fc.maxSafeInteger(),
      fc.string({ maxLength: 12 }),
      fc.array(fc.maxSafeInteger(), { maxLength: 3 }),
      fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 5 }),
      (seed, name, numbers, indices) => {
        const at = streamSeries(seed, name, ...numbers);
        for (const index of indices) {
          const [given, plain] = [at(index), stream(seed, name, ...numbers, index)];
          for (let draw = 0; draw < 5; draw++) expect(given.seed()).toBe(plain.seed());
        }
      },
    ),
    { numRuns: 100, seed: 4 },
  );
  expect(() => streamSeries(1, "x")(0.5)).toThrow("rng: keys must be integers, got 0.5");
});
