// Magnitudes of a layer's features over many images, in the two readings of the paper's Figure 4; sums alone are kept.

/** "Magnitude of feature activations, sorted by descending value, and averaged over all test samples." */
export interface Magnitudes {
  /** The features of each image are sorted, and the first ones, the second ones, ... averaged over the images. */
  readonly sortedThenAveraged: readonly number[];
  /** Each feature is averaged over the images, and the averages are sorted. */
  readonly averagedThenSorted: readonly number[];
  /** Over features and images; the same in both readings. */
  readonly mean: number;
}

export interface MagnitudeSums {
  /** Adds images. @param magnitudes [count, features], perhaps with more behind */
  add(magnitudes: Float32Array, count: number): void;
  /** After at least one image. */
  result(): Magnitudes;
}

export function magnitudeSums(features: number): MagnitudeSums {
  const byFeature = new Float64Array(features);
  const byRank = new Float64Array(features);
  const sorted = new Float32Array(features);
  let images = 0;
  return {
    add(magnitudes, count) {
      for (let image = 0; image < count; image++) {
        sorted.set(magnitudes.subarray(image * features, (image + 1) * features));
        for (let feature = 0; feature < features; feature++) byFeature[feature]! += sorted[feature]!;
        sorted.sort();
        for (let rank = 0; rank < features; rank++) byRank[rank]! += sorted[features - 1 - rank]!;
      }
      images += count;
    },
    result() {
      const average = (sums: Float64Array) => sums.map((sum) => sum / images);
      return {
        sortedThenAveraged: [...average(byRank)],
        averagedThenSorted: [...average(byFeature).sort().reverse()],
        mean: byFeature.reduce((sum, value) => sum + value, 0) / (images * features),
      };
    },
  };
}
