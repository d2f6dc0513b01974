// Batch augmentation: each copy as if its image had been augmented alone; labels; bad input.
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyShape, randomImage } from "../../../test/helpers/augmentation-contract.ts";
import { stream } from "../../rng.ts";
import { randomCrop } from "../geometry/random-crop.ts";
import { randomErasing } from "../masking/random-erasing.ts";
import { batchAugmentation } from "./batch-augmentation.ts";

test("m copies of each image, one after the other, each with parameters of its own", () => {
  fc.assert(
    fc.property(
      anyShape,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      fc.integer(),
      (shape, count, copies, crops, seed) => {
        const augmentation = crops
          ? randomCrop({ height: 3, width: 4 })
          : randomErasing({ probability: 0.9 });
        const copied = batchAugmentation<unknown>({ copies, augmentation: augmentation as never });
        const size = shape.height * shape.width * shape.channels;
        const pixels = randomImage(new Uint8Array(count * size), seed);
        const labels = Float32Array.from({ length: count * 2 }, (_, at) =>
          at % 4 === 0 || at % 4 === 3 ? 1 : 0,
        );
        const batch = { ...shape, layout: "CHW", count, pixels, labels } as const;
        const drawn = JSON.parse(JSON.stringify(copied.sample(stream(seed, "draw"), batch, 1)));
        const before = pixels.slice();
        const result = copied.apply(batch, drawn);
        expect(pixels).toEqual(before);
        const rng = stream(seed, "draw");
        const expected = Array.from({ length: count * copies }, (_, row) => {
          const image = Math.floor(row / copies);
          const own = {
            ...shape,
            layout: "CHW",
            pixels: pixels.slice(image * size, (image + 1) * size),
          } as const;
          return augmentation.apply(own, augmentation.sample(rng, shape, 1) as never);
        });
        expect(result.count).toBe(count * copies);
        expect([result.height, result.width]).toEqual([expected[0]!.height, expected[0]!.width]);
        expect(Array.from(result.pixels)).toEqual(expected.flatMap((image) => Array.from(image.pixels)));
        expected.forEach((_, row) => {
          const image = Math.floor(row / copies);
          expect(result.labels!.slice(2 * row, 2 * row + 2)).toEqual(labels.slice(2 * image, 2 * image + 2));
        });
        expect(copied.apply({ ...batch, labels: null }, drawn).labels).toBeNull();
      },
    ),
    { numRuns: 60 },
  );
});

test("bad input", () => {
  const augmentation = randomErasing();
  for (const copies of [0, 1.5, Number.NaN]) {
    expect(() => batchAugmentation({ copies, augmentation })).toThrow(
      `batch-augmentation: copies must be an integer >= 1, got ${copies}`,
    );
  }
  const copied = batchAugmentation({ copies: 2, augmentation });
  const batch = {
    count: 2,
    height: 2,
    width: 2,
    channels: 1,
    layout: "HWC",
    pixels: new Uint8Array(8),
    labels: null,
  } as const;
  const one = { box: null, fillSeed: 0 };
  expect(() => copied.apply(batch, { images: [[one, one]] })).toThrow(
    "batch-augmentation: parameters must be for 2 images x 2 copies, got 1 x 2",
  );
  expect(() => copied.apply(batch, { images: [[one, one], [one]] })).toThrow("got 2 x 1");
  expect(() => copied.apply({ ...batch, pixels: new Uint8Array(3) }, { images: [] })).toThrow(
    "hold 8 numbers, got 3",
  );
});
