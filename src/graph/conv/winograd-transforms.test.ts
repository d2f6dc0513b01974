// The transforms of Winograd's convolution against the sum they stand for, in double precision.
import { describe, expect, it } from "vitest";
import { stream } from "../../rng.ts";
import { type Matrix, winogradTransforms } from "./winograd-transforms.ts";

const times = (matrix: Matrix, vector: readonly number[]) =>
  matrix.map((row) => row.reduce((sum, x, index) => sum + x * vector[index]!, 0));

describe("winogradTransforms", () => {
  it.each([
    [4, 2],
    [6, 2],
    [2, 3],
    [4, 3],
    [5, 3],
    [6, 3],
    [5, 4],
    [2, 5],
    [3, 5],
    [4, 5],
  ])("F(%i, %i) is the correlation of a patch with its taps", (tile, taps) => {
    const { input, kernel, output, patch } = winogradTransforms(tile, taps);
    expect(patch).toBe(tile + taps - 1);
    const rng = stream(1, "winograd", tile, taps);
    const d = Array.from({ length: patch }, () => rng.normal());
    const weights = Array.from({ length: taps }, () => rng.normal());
    const [V, U] = [times(input, d), times(kernel, weights)];
    const y = times(
      output,
      V.map((v, index) => v * U[index]!),
    );
    y.forEach((value, at) => {
      const direct = weights.reduce((sum, weight, tap) => sum + weight * d[at + tap]!, 0);
      expect(Math.abs(value - direct)).toBeLessThan(1e-12);
    });
  });

  it("of F(4, 3) are those of Lavin and Gray", () => {
    const { input, kernel, output } = winogradTransforms(4, 3);
    expect(input[0]).toEqual([4, 0, -5, 0, 1, 0]);
    expect(input[5]).toEqual([0, 4, 0, -5, 0, 1]);
    expect(kernel[0]).toEqual([1 / 4, 0, 0]);
    expect(output[3]).toEqual([0, 1, -1, 8, -8, 1]);
  });
});
