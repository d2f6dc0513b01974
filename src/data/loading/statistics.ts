// Mean and standard deviation of each channel, from the images given and no others.
import { CutoutError } from "../../error.ts";
import type { ChannelStatistics, Dataset } from "../dataset.ts";

/**
 * Mean and (population) standard deviation of each channel over all pixels of the given images, on the scale 0 to 1.
 * Exact: pixels are counted by value, the sums are integers of any size. A constant channel has no deviation to
 * divide by: its `std` is 1, so that normalizing makes it zero.
 *
 * @param indices the training images, so that nothing of validation or test leaks into the normalization
 * @throws Error when there are no indices, or every channel is constant; RangeError on an index outside the dataset
 */
export function channelStatistics(dataset: Dataset, indices: Int32Array): ChannelStatistics {
  if (indices.length === 0)
    throw new CutoutError({
      where: "statistics",
      what: "must have at least one training image",
      got: "none",
    });
  const { channels } = dataset;
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  const image = new Uint8Array(dataset.height * dataset.width * channels);
  for (const index of indices) {
    dataset.read([index], image);
    for (let channel = 0; channel < channels; channel++) {
      const count = counts[channel]!;
      for (let at = channel; at < image.length; at += channels) count[image[at]!]!++;
    }
  }
  const each = counts.map(momentsOf);
  if (each.every(({ std }) => std === 0)) {
    throw new CutoutError({
      where: "statistics",
      what: `the ${indices.length} training images of ${dataset.name} must not all be of one colour`,
      got: "no variation at all",
      remedy: "check how the images were made",
    });
  }
  return { mean: each.map(({ mean }) => mean), std: each.map(({ std }) => (std === 0 ? 1 : std)) };
}

/**
 * Mean and deviation, on the scale 0 to 1, of values of which `count` tells how often each is there, [256].
 * Var = (n sum(x^2) - sum(x)^2) / n^2, in integers up to the last division.
 */
export function momentsOf(count: Float64Array): { mean: number; std: number } {
  let n = 0n;
  let sum = 0n;
  let squares = 0n;
  for (const [value, times] of count.entries()) {
    n += BigInt(times);
    sum += BigInt(times) * BigInt(value);
    squares += BigInt(times) * BigInt(value * value);
  }
  const std = Math.sqrt(Number(n * squares - sum * sum)) / Number(n);
  return { mean: Number(sum) / Number(n) / 255, std: std / 255 };
}
