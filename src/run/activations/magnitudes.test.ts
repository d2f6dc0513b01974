import { expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { magnitudeSums } from "./magnitudes.ts";

test("both readings of Figure 4, by hand", () => {
  const sums = magnitudeSums(3);
  // Two images of three features; what stands behind the count is no image.
  sums.add(Float32Array.of(1, 5, 0, 4, 2, 3, 99, 99, 99), 2);
  sums.add(Float32Array.of(0, 0, 6), 1);
  expect(sums.result()).toEqual({
    sortedThenAveraged: [(5 + 4 + 6) / 3, (1 + 3 + 0) / 3, (0 + 2 + 0) / 3],
    averagedThenSorted: [(0 + 3 + 6) / 3, (5 + 2 + 0) / 3, (1 + 4 + 0) / 3],
    mean: 21 / 9,
  });
});

test("one image gives the same in both; more make the first reading the steeper one, with the same mean", () => {
  const random = stream(1, "magnitudes");
  const draw = () => Float32Array.from({ length: 40 }, () => random.uniform());
  const one = magnitudeSums(40);
  one.add(draw(), 1);
  const { sortedThenAveraged, averagedThenSorted } = one.result();
  expect(sortedThenAveraged).toEqual(averagedThenSorted);
  const many = magnitudeSums(40);
  for (let image = 0; image < 100; image++) many.add(draw(), 1);
  const { mean, ...readings } = many.result();
  let ahead = 0;
  for (let rank = 0; rank < 40; rank++) {
    ahead += readings.sortedThenAveraged[rank]! - readings.averagedThenSorted[rank]!;
    // Sorting each image first majorizes sorting the averages.
    expect(ahead).toBeGreaterThan(-1e-9);
  }
  for (const values of Object.values(readings)) {
    expect(values.reduce((sum, value) => sum + value, 0) / 40).toBeCloseTo(mean, 10);
    expect([...values].sort((a, b) => b - a)).toEqual(values);
  }
});
