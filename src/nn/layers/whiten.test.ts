// Whitening: after its filters the patches of the images have no spread that differs between directions.
import { expect, it } from "vitest";
import { stream } from "../../rng.ts";
import { fittedBuffers, network } from "../network.ts";
import { conv, relu, sequential, whiten } from "./index.ts";

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

it("nothing is made for a network that begins with another layer", () => {
  const built = network("one", { channels: 3, height: 9, width: 8 }, null, sequential(conv("a", 3, 1)));
  const sample = { images: new Float32Array(3 * 9 * 8), count: 1 };
  expect(fittedBuffers(built, sample).size).toBe(0);
});
