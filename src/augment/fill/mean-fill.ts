// The colour around images in bytes where none was told: the mean of the training images.

interface Filled {
  readonly fill?: unknown;
}

/**
 * The options with a fill.
 * @param mean of each channel, 0 to 1
 */
export function meanFill(given: Filled | undefined, mean: readonly number[]): Filled {
  return given?.fill === undefined ? { ...given, fill: mean.map((value) => Math.round(255 * value)) } : given;
}
