// The transforms of Winograd's convolution against the sum they stand for, in double precision.
import { describe, expect, it } from "vitest";
import { stream } from "../../rng.ts";
import { bothAxes, type Matrix, type WinogradTransforms, winogradTransforms } from "./winograd-transforms.ts";

const times = (matrix: Matrix, vector: readonly number[]) =>
  matrix.map((row) => row.reduce((sum, x, index) => sum + x * vector[index]!, 0));

describe("winogradTransforms", () => {
  it.each([
    [4, 2],
    [6, 2],
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

  it("of F(4, 3) at 0, 1, -1, 2 and -2 are those of Lavin and Gray", () => {
    const { input, kernel, output } = winogradTransforms(4, 3, [0, 1, -1, 2, -2]);
    expect(input[0]).toEqual([4, 0, -5, 0, 1, 0]);
    expect(input[5]).toEqual([0, 4, 0, -5, 0, 1]);
    expect(kernel[0]).toEqual([1 / 4, 0, 0]);
    expect(output[3]).toEqual([0, 1, -1, 8, -8, 1]);
  });

  it.each([
    [4, 2, 1.5],
    [4, 3, 1.7],
    [2, 5, 1.7],
    [5, 3, 1.5],
    [3, 5, 1.3],
  ])(
    "of F(%i, %i) lose fewer digits in float32 than those at small whole numbers: by %d",
    (tile, taps, least) => {
      const usual = winogradTransforms(tile, taps, [0, 1, -1, 2, -2, 1 / 2].slice(0, tile + taps - 2));
      expect(errorOf(usual) / errorOf(winogradTransforms(tile, taps))).toBeGreaterThan(least);
    },
  );

  it("wants as many points as it knows", () => {
    expect(() => winogradTransforms(8, 3)).toThrow("must have 4 to 7 points, got 9");
  });
});

/** Root mean square of the error of sums over 16 channels in both axes, each operation rounded to float32. */
function errorOf({ input, kernel, output, patch, tile }: WinogradTransforms): number {
  const taps = patch - tile + 1;
  const [B, G, A] = [bothAxes(input), bothAxes(kernel), bothAxes(output)];
  const rng = stream(2, "winograd error", tile, taps);
  const normal = (length: number) => Float32Array.from({ length }, () => rng.normal());
  const rounded = (matrix: Float32Array, vector: Float32Array) =>
    Float32Array.from({ length: matrix.length / vector.length }, (_, row) =>
      vector.reduce((sum, x, at) => Math.fround(sum + Math.fround(x * matrix[row * vector.length + at]!)), 0),
    );
  let squares = 0;
  for (let sample = 0; sample < 40; sample++) {
    const products = new Float32Array(patch ** 2);
    const exact = new Float64Array(tile ** 2);
    for (let channel = 0; channel < 16; channel++) {
      const [d, w] = [normal(patch ** 2), normal(taps ** 2)];
      const [V, U] = [rounded(B, d), rounded(G, w)];
      products.forEach((sum, at) => {
        products[at] = Math.fround(sum + Math.fround(V[at]! * U[at]!));
      });
      exact.forEach((_, at) => {
        const corner = Math.floor(at / tile) * patch + (at % tile);
        w.forEach((weight, tap) => {
          exact[at]! += weight * d[corner + Math.floor(tap / taps) * patch + (tap % taps)]!;
        });
      });
    }
    rounded(A, products).forEach((y, at) => {
      squares += (y - exact[at]!) ** 2;
    });
  }
  return Math.sqrt(squares);
}
