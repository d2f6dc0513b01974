// The image sizes of a training: each epoch's, and the work that is left in steps of full images.
import { type ImageSize, imageSizeAt, type ProgressiveOptions, pixelShare } from "../optim/image-size.ts";

export class GrowingImages {
  readonly #options: ProgressiveOptions | null;
  readonly #full: ImageSize;
  readonly #epochs: number;

  /** @param options null where all images are full */
  constructor(options: ProgressiveOptions | null, full: ImageSize, epochs: number) {
    this.#options = options;
    this.#full = full;
    this.#epochs = epochs;
  }

  /** Of an epoch, 1 for the first; undefined where all images are full. */
  size(epoch: number): ImageSize | undefined {
    return this.#options === null ? undefined : imageSizeAt(this.#options, this.#full, epoch, this.#epochs);
  }

  /** Pixels of an epoch's images as a share of the full ones'. */
  share(epoch: number): number {
    const size = this.size(epoch);
    return size === undefined ? 1 : pixelShare(size, this.#full);
  }

  /** Steps from this one to the end, each counted by its pixels. */
  stepsLeft(epoch: number, stepInEpoch: number, stepsPerEpoch: number): number {
    let steps = 0;
    for (let at = epoch; at <= this.#epochs; at++) {
      steps += (stepsPerEpoch - (at === epoch ? stepInEpoch : 0)) * this.share(at);
    }
    return steps;
  }
}
