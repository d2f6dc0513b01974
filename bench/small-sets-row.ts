// A training on a small set of photos: a line of the results.

export interface Row {
  readonly arm: string;
  readonly flags: string;
  /** Training and validation images; `photos` new ones are tested on. */
  readonly images: number;
  readonly validation: number;
  readonly photos: number;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Training accuracy of the last epoch, on augmented images. */
  readonly trainTop1: number;
  readonly validationTop1: readonly number[];
  /** Way to keep -> the epoch it chose (0: an average), and the accuracy on new photos. */
  readonly kept: { readonly [Way in string]: { readonly epoch: number; readonly top1: number } };
  /** Seconds of the training with its validation alone. */
  readonly trained?: number;
  readonly seconds: number;
}
