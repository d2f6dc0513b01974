// What the loader hands to a training step.

export interface Batch {
  /** Normalized images, [count, channels, height, width]. */
  readonly images: Float32Array;
  /** [count] */
  readonly labels: Int32Array;
  /** Index of each image in the dataset, [count]. */
  readonly indices: Int32Array;
  readonly count: number;
}
