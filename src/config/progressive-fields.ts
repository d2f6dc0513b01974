// The config's part `progressive`: smaller images at first, or null.
import { imageSizes, type ProgressiveOptions, type SizeSpan } from "../optim/image-size.ts";
import { group, integer, number } from "./fields.ts";

const share = { min: 0, max: 1 } as const;

export const progressive = group("progressive", {
  initialScale: number(
    "train on smaller images at first, each pixel the mean over its area: side of the first ones, as a share of --size",
    { min: 0, above: true, max: 1, below: true },
  ).default(0.5),
  delayFraction: number("share of the epochs before the images grow", share).default(0.5),
  finetuneFraction: number("share of the epochs, at the end, on images of the full size", share).default(0.2),
  sizeIncrement: integer("sides of smaller images are multiples of this, pixels", { min: 1 }).default(4),
})
  .refine(({ delayFraction, finetuneFraction }) => delayFraction + finetuneFraction <= 1 + 1e-9, {
    path: ["delayFraction"],
    error: "must be at most 1 together with the share at the end",
  })
  .nullable()
  .default(null);

/** The sizes of a training's images in their order, with the epochs that have them. */
export function sizesOfTraining({
  progressive,
  imageSize,
  epochs,
}: {
  readonly progressive: ProgressiveOptions | null;
  readonly imageSize: number;
  readonly epochs: number;
}): readonly SizeSpan[] {
  const full = { height: imageSize, width: imageSize };
  return progressive === null ? [{ ...full, first: 1, last: epochs }] : imageSizes(progressive, full, epochs);
}
