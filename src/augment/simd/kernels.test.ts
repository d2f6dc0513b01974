// What kernels.wat and sums.wat compute, against plain loops, bit for bit.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assembled } from "../../../test/helpers/assemble-kernels.ts";
import { stream } from "../../rng.ts";
import type { Hole } from "../cutout/hole.ts";
import type { ImageShape } from "../image/layout.ts";
import { cropPass } from "../pipeline/crop-pass.ts";
import { kernels } from "./kernels.ts";
import { kernelsModule } from "./kernels-module.ts";
import { sumOf, vectorSums } from "./sums.ts";
import { sumsModule } from "./sums-module.ts";

const simd = kernels()!;

test("the package holds what the text says (npm run kernels)", async () => {
  expect(kernelsModule).toBe(await assembled("kernels"));
  expect(sumsModule).toBe(await assembled("sums"));
});

test("there is room for images, up to a bound", () => {
  const more = simd.bytes.length + 1;
  expect(simd.reserve(more)).toBe(true);
  expect(simd.bytes.length).toBeGreaterThanOrEqual(more);
  expect(simd.floats.buffer).toBe(simd.bytes.buffer);
  expect(simd.reserve(2 ** 31)).toBe(false);
});

describe("sums", () => {
  const simd = vectorSums()!;

  const exact = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((sum, value) => sum + value, 0);

  test("any part of an array: the same bits as the plain loops, near the exact sum", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer(),
        (count, start, seed) => {
          const rng = stream(seed, "numbers");
          const floats = Float32Array.from({ length: start + count + 5 }, () => rng.normal());
          const bytes = Uint8Array.from(floats, (value) => 90 * value);
          const end = start + count;
          const sum = sumOf(floats, start, end, simd);
          expect(sum).toBe(sumOf(floats, start, end, null));
          expect(Math.abs(sum - exact(floats.subarray(start, end)))).toBeLessThan(1e-6 * (1 + count));
          expect(sumOf(bytes, start, end, simd)).toBe(exact(bytes.subarray(start, end)));
          expect(sumOf(bytes, start, end, null)).toBe(exact(bytes.subarray(start, end)));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("numbers whose single-precision sums overflow; numbers that are none", () => {
    const large = new Float32Array(4096).fill(3e38);
    expect(sumOf(large, 0, 4096)).toBe(4096 * Math.fround(3e38));
    large[77] = Number.NaN;
    expect(sumOf(large, 0, 4096)).toBeNaN();
    expect(sumOf(new Uint8Array(3_000_001).fill(255), 0, 3_000_001)).toBe(255 * 3_000_001);
  });
});

test("crops in colour, with holes: the same bits as the plain loops, whatever lies outside the image", () => {
  const extent = fc.integer({ min: 1, max: 70 });
  fc.assert(
    fc.property(
      fc.record({ input: fc.tuple(extent, extent), output: fc.tuple(extent, extent), seed: fc.integer() }),
      ({ input, output, seed }) => {
        const shape = ([height, width]: [number, number]): ImageShape => ({ height, width, channels: 3 });
        const normalization = { mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26] };
        const rng = stream(seed, "crop");
        const count = input[0] * input[1] * 3;
        const image = Uint8Array.from({ length: 7 + count }, () => rng.seed()).subarray(2);
        const view = {
          top: rng.integer(input[0] + output[0]) - output[0],
          left: rng.integer(input[1] + output[1]) - output[1],
          flip: rng.integer(2) === 1,
        };
        const hole = (): Hole => {
          const top = rng.integer(output[0] + 1);
          const left = rng.integer(output[1] + 1);
          const bottom = top + rng.integer(output[0] - top + 1);
          const right = left + rng.integer(output[1] - left + 1);
          const runs = bottom > top && rng.integer(3) === 0 ? [top, left, right] : undefined;
          return { top, bottom, left, right, ...(runs && { runs }) };
        };
        const holes = Array.from({ length: rng.integer(3) }, hole);
        const values = [0.3, -1.7, 5];
        const crops = [simd, null].map((by) => {
          const target = new Float32Array(output[0] * output[1] * 3 + 9).fill(7);
          const pass = cropPass(shape(input), shape(output), normalization, by);
          pass(image, 5, view, target, 4, { holes, values });
          simd.bytes.fill(0xa5, 0, 200_000); // nothing may be left of a crop
          return target;
        });
        expect(crops[0]).toEqual(crops[1]);
        const crop = crops[0]!;
        expect([...crop.subarray(0, 4)]).toEqual([7, 7, 7, 7]);
        expect([...crop.subarray(-5)]).toEqual([7, 7, 7, 7, 7]);
        const plane = output[0] * output[1];
        for (const { top, bottom, left, right } of holes.slice(-1)) {
          if (bottom === top || right === left) continue;
          const corner = 4 + top * output[1] + left;
          expect([0, 1, 2].map((c) => crop[corner + c * plane])).toEqual(values.map(Math.fround));
        }
      },
    ),
    { numRuns: 300 },
  );
});
