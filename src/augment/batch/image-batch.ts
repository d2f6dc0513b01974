// Checks of batches, and what Mixup and CutMix share: partners and mixed labels.
import { CutoutError } from "../../error.ts";
import type { ImageBatch } from "../augmentation.ts";
import { checkFinite, checkPixels, checkShape, copyOf, type ImageShape } from "../image/layout.ts";
import { shown } from "../options.ts";

/** Shape of a batch's images, and how many there are. */
export type BatchShape = ImageShape & { readonly count: number };

/** @throws Error unless pixels and labels fit the shape and the labels of each image are shares that sum to 1 */
export function checkBatch(where: string, batch: ImageBatch): void {
  if (batch === null || typeof batch !== "object") {
    throw new CutoutError({
      where,
      option: "batch",
      what: "must be { pixels, count, height, width, channels, layout, labels }",
      got: String(batch),
    });
  }
  checkPixels(where, batch.pixels, batch, batch.count);
  checkFinite(where, batch.pixels);
  const { labels, count } = batch;
  if (labels === null) return;
  if (!(labels instanceof Float32Array) || labels.length === 0 || labels.length % count !== 0) {
    throw new CutoutError({
      where,
      option: "labels",
      what: `must be null or a Float32Array of ${count} images x classes`,
      got: shownLabels(labels),
    });
  }
  const classes = labels.length / count;
  for (let image = 0; image < count; image++) {
    let sum = 0;
    for (const share of labels.subarray(image * classes, (image + 1) * classes)) {
      sum += share >= 0 ? share : Number.NaN;
    }
    if (!(Math.abs(sum - 1) <= 1e-3)) {
      throw new CutoutError({
        where,
        what: `labels of image ${image} must be shares >= 0 that sum to 1`,
        got: `a sum of ${sum}`,
      });
    }
  }
}

function shownLabels(labels: unknown): string {
  return labels instanceof Float32Array ? `${labels.length} numbers` : String(labels);
}

/**
 * What is mixed, out of parameters that may come from a file.
 * @throws Error unless they are `{ mix }` with an object or null
 */
export function mixOf<M extends object>(where: string, parameters: { readonly mix: M | null }): M | null {
  const mix = (parameters as typeof parameters | null | undefined)?.mix;
  if (typeof mix !== "object") {
    throw new CutoutError({
      where,
      option: "parameters",
      what: "must be { mix: null or what sample drew }",
      got: shown(parameters),
    });
  }
  return mix;
}

/** @throws Error unless each image has a partner in the batch */
export function checkPartners(where: string, partners: readonly number[], count: number): void {
  if (!Array.isArray(partners) || partners.length !== count) {
    const got = Array.isArray(partners) ? partners.length : shown(partners);
    throw new CutoutError({
      where,
      option: "partners",
      what: `must be one for each of the ${count} images`,
      got: String(got),
    });
  }
  for (const partner of partners) {
    if (!Number.isInteger(partner) || partner < 0 || partner >= count) {
      throw new CutoutError({
        where,
        option: "partners",
        what: `must be images from 0 to ${count - 1}`,
        got: String(partner),
      });
    }
  }
}

/** @throws Error unless every extent and the count is an integer >= 1 */
export function checkBatchShape(where: string, shape: BatchShape): void {
  checkShape(where, shape);
  if (!Number.isInteger(shape.count) || shape.count < 1) {
    throw new CutoutError({
      where,
      option: "count",
      what: "must be an integer >= 1",
      got: String(shape.count),
    });
  }
}

/** lambda * own labels + (1 - lambda) * the partner's, [count, numClasses]; null without labels. */
export function mixLabels(
  labels: Float32Array | null,
  partners: readonly number[],
  lambda: number,
): Float32Array | null {
  if (labels === null) return null;
  const classes = labels.length / partners.length;
  return Float32Array.from(labels, (share, index) => {
    const image = Math.floor(index / classes);
    return lambda * share + (1 - lambda) * labels[partners[image]! * classes + (index % classes)]!;
  });
}

/** A batch of its own with the same content. */
export function copyOfBatch<B extends ImageBatch>(batch: B): B {
  return { ...batch, pixels: copyOf(batch.pixels), labels: batch.labels?.slice() ?? null };
}
