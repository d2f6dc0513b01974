// Progressive image sizes: a training begins with smaller images and ends with the full ones (fast.ai's entries to DAWNBench
// 2018; MosaicML Composer, ProgressiveResizing).
import { CutoutError } from "../error.ts";
import { checkOption } from "./rule.ts";

/** In Composer's terms, by epochs in place of batches. */
export interface ProgressiveOptions {
  /** Side of the first images, as a share of the full one. */
  readonly initialScale: number;
  /** Share of the epochs before the images grow. */
  readonly delayFraction: number;
  /** Share of the epochs, at the end, with images of the full size; the last epoch has it in any case. */
  readonly finetuneFraction: number;
  /** Sides are multiples of this, pixels. */
  readonly sizeIncrement: number;
}

export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** @throws CutoutError when an option is outside its range */
export function checkProgressive(options: ProgressiveOptions): void {
  const where = "progressive";
  const isShare = (value: number) => value >= 0 && value <= 1;
  const { initialScale, delayFraction, finetuneFraction, sizeIncrement } = options;
  checkOption(where, "initialScale", initialScale, (value) => value > 0 && value < 1, "above 0 and below 1");
  checkOption(where, "delayFraction", delayFraction, isShare, "from 0 to 1");
  checkOption(where, "finetuneFraction", finetuneFraction, isShare, "from 0 to 1");
  checkOption(
    where,
    "sizeIncrement",
    sizeIncrement,
    (value) => Number.isInteger(value) && value >= 1,
    "an integer >= 1",
  );
  // 0.7 + 0.3 is above 1 in binary fractions.
  if (delayFraction + finetuneFraction <= 1 + 1e-9) return;
  throw new CutoutError({
    where,
    option: "delayFraction",
    what: "must be at most 1 together with finetuneFraction",
    got: `${delayFraction} and ${finetuneFraction}`,
    kind: "settings",
  });
}

/** The nearest multiple of the increment, never more than the full side. */
function sideOf(scale: number, full: number, increment: number): number {
  const multiple = Math.max(1, Math.round((scale * full) / increment)) * increment;
  return Math.min(full, multiple);
}

const scaled = ({ height, width }: ImageSize, scale: number, { sizeIncrement }: ProgressiveOptions) => ({
  height: sideOf(scale, height, sizeIncrement),
  width: sideOf(scale, width, sizeIncrement),
});

/**
 * Size of an epoch's images. It grows in a straight line between delay and finetuning.
 * @param epoch 1 for the first
 */
export function imageSizeAt(
  options: ProgressiveOptions,
  full: ImageSize,
  epoch: number,
  epochs: number,
): ImageSize {
  const { initialScale, delayFraction, finetuneFraction } = options;
  // The first epochs of a fraction like 0.2 of 15 must not depend on the last bit.
  const elapsed = (epoch - 1) / epochs + 1e-9;
  if (epoch >= epochs || elapsed >= 1 - finetuneFraction) return full;
  const grown = Math.max(0, elapsed - delayFraction) / (1 - delayFraction - finetuneFraction);
  // Of a delay that ends where finetuning begins nothing is between them.
  const share = elapsed < delayFraction ? 0 : Math.min(1, grown);
  return scaled(full, initialScale + (1 - initialScale) * share, options);
}

/** Sizes of a training, with the epochs that have them: 1 for the first. */
export interface SizeSpan extends ImageSize {
  readonly first: number;
  readonly last: number;
}

/** The sizes of a training in their order. */
export function imageSizes(
  options: ProgressiveOptions,
  full: ImageSize,
  epochs: number,
): readonly SizeSpan[] {
  const spans: SizeSpan[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const { height, width } = imageSizeAt(options, full, epoch, epochs);
    const before = spans.at(-1);
    if (before?.height === height && before.width === width)
      spans[spans.length - 1] = { ...before, last: epoch };
    else spans.push({ height, width, first: epoch, last: epoch });
  }
  return spans;
}

/** Every size that a training can have, however long it is, the full one not among them. */
export function sizesBetween(options: ProgressiveOptions, full: ImageSize): readonly ImageSize[] {
  const { initialScale, sizeIncrement } = options;
  const longer = Math.max(full.height, full.width);
  // An increment further is the next multiple: of square images no size is left out.
  const points = Array.from(
    { length: Math.ceil(((1 - initialScale) * longer) / sizeIncrement) + 1 },
    (_, step) => Math.min(1, initialScale + (step * sizeIncrement) / longer),
  );
  const all = points.map((scale) => scaled(full, scale, options));
  const known = new Map(all.map((size) => [`${size.height} ${size.width}`, size]));
  return [...known.values()].filter(({ height, width }) => height !== full.height || width !== full.width);
}

/** A step's pixels as a share of those of one with full images. */
export const pixelShare = (size: ImageSize, full: ImageSize): number =>
  (size.height * size.width) / (full.height * full.width);
