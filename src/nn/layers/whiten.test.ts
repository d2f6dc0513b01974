// Whitening: after its filters the patches of the images have no spread that differs between directions.
import { expect, it } from "vitest";
import { stream } from "../../rng.ts";
import { symmetricEigen } from "../eigen.ts";
import { fittedBuffers, network } from "../network.ts";
import { conv, relu, sequential, whiten } from "./index.ts";

it("eigenvectors and eigenvalues rebuild the matrix, and are those of a matrix known by heart", () => {
  const rng = stream(3, "eigen");
  const size = 12;
  const half = Float64Array.from({ length: size * size }, () => rng.normal());
  const matrix = half.map((x, at) => x + half[(at % size) * size + Math.floor(at / size)]!);
  const found = symmetricEigen(matrix, size);
  expect(found.map(({ value }) => value)).toEqual(found.map(({ value }) => value).sort((a, b) => a - b));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const entry = found.reduce((sum, { value, vector }) => sum + value * vector[i]! * vector[j]!, 0);
      expect(entry).toBeCloseTo(matrix[i * size + j]!, 12);
      const dot = found[i]!.vector.reduce((sum, x, at) => sum + x * found[j]!.vector[at]!, 0);
      expect(dot).toBeCloseTo(i === j ? 1 : 0, 12);
    }
  }
  expect(symmetricEigen([2, 1, 1, 2], 2).map(({ value }) => value.toFixed(12))).toEqual([
    "1.000000000000",
    "3.000000000000",
  ]);
});

it("the patches of the images that it was made from come out white", () => {
  const [channels, height, width, count, size] = [3, 9, 8, 60, 2];
  const rng = stream(5, "whiten");
  // Neighbours and channels resemble each other, as in photos.
  const images = new Float32Array(count * channels * height * width);
  let last = 0;
  for (let at = 0; at < images.length; at++) {
    last = 0.8 * last + rng.normal();
    images[at] = last;
  }
  const built = network("one", { channels, height, width }, null, sequential(whiten("w", size, 1e-9), relu));
  const filters = fittedBuffers(built, { images, count }).get("w.filters")!;
  expect(filters.shape).toEqual([24, channels, size, size]);
  const patch = channels * size * size;
  const products = new Float64Array(patch * patch);
  let patches = 0;
  for (let n = 0; n < count; n++) {
    for (let y = 0; y + size <= height; y++) {
      for (let x = 0; x + size <= width; x++) {
        patches++;
        const results = Array.from({ length: 2 * patch }, (_, out) => {
          let sum = 0;
          for (let c = 0; c < channels; c++)
            for (let i = 0; i < size; i++)
              for (let j = 0; j < size; j++)
                sum +=
                  filters.data[((out * channels + c) * size + i) * size + j]! *
                  images[((n * channels + c) * height + y + i) * width + x + j]!;
          return sum;
        });
        for (let i = 0; i < patch; i++) {
          expect(results[patch + i]).toBeCloseTo(-results[i]!, 12);
          for (let j = 0; j < patch; j++) products[i * patch + j]! += results[i]! * results[j]!;
        }
      }
    }
  }
  products.forEach((sum, at) => {
    expect(sum / patches).toBeCloseTo(at % patch === Math.floor(at / patch) ? 1 : 0, 5);
  });
});

it("nothing is made where the layer does not get the images", () => {
  const built = network(
    "one",
    { channels: 3, height: 9, width: 8 },
    null,
    sequential(conv("a", 3, 1), whiten("w")),
  );
  const sample = { images: new Float32Array(3 * 9 * 8), count: 1 };
  expect(fittedBuffers(built, sample).size).toBe(0);
});
