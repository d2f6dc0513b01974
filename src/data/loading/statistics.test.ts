import fc from "fast-check";
import { expect, it } from "vitest";
import { memoryDataset } from "../../../test/helpers/data.ts";
import { channelStatistics } from "./statistics.ts";

it("is the mean and deviation of the given images only, per channel", () => {
  const bytes = fc.array(fc.nat(255), { minLength: 4 * 12, maxLength: 4 * 12 });
  const chosen = fc.uniqueArray(fc.nat(3), { minLength: 1 });
  fc.assert(
    fc.property(bytes, chosen, fc.constantFrom(1 as const, 3 as const), (pixels, indices, channels) => {
      const size = 4 * channels;
      const dataset = memoryDataset([0, 0, 1, 1], { channels }, (image, at) => pixels[image * size + at]!);
      const expected = Array.from({ length: channels }, (_, channel) => {
        const values = indices.flatMap((image) =>
          [0, 1, 2, 3].map((pixel) => pixels[image * size + pixel * channels + channel]! / 255),
        );
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        return { mean, std: Math.sqrt(squares / values.length) };
      });
      fc.pre(expected.some(({ std }) => std > 1e-9));
      const { mean, std } = channelStatistics(dataset, Int32Array.from(indices));
      expected.forEach((channel, at) => {
        expect(mean[at]).toBeCloseTo(channel.mean, 12);
        expect(std[at]).toBeCloseTo(channel.std < 1e-9 ? 1 : channel.std, 7);
      });
    }),
  );
});

it("is exact where floating point sums are not, and independent of the order", () => {
  const dataset = memoryDataset([0, 1], {}, (image, at) => (at % 3 === 0 ? 255 * image : 100 + (at % 3)));
  const { mean, std } = channelStatistics(dataset, Int32Array.of(1, 0));
  expect(mean).toEqual([0.5, 101 / 255, 102 / 255]);
  expect(std).toEqual([0.5, 1, 1]); // constant channels are not divided by zero
  expect(channelStatistics(dataset, Int32Array.of(0, 1))).toEqual({ mean, std });
});

it("refuses no images, images of one colour, and indices outside", () => {
  const dataset = memoryDataset([0, 1], {}, (_, at) => at % 3);
  expect(() => channelStatistics(dataset, new Int32Array())).toThrow(/at least one training image, got none/);
  expect(() => channelStatistics(dataset, Int32Array.of(0, 1))).toThrow(
    /2 training images .* got no variation/,
  );
});
