// How much of an image Cutout masks on average, without simulation.
import { progress as progressKind, readValue } from "../options.ts";
import { cutoutOptions } from "./given.ts";
import type { ImageArea } from "./hole.ts";
import { type CutoutGiven, type CutoutOptions, checkFits } from "./options.ts";
import { type AxisPlacement, axisPlacements, isContinuous } from "./placement.ts";
import type { CutoutPreset } from "./presets.ts";
import { maximumTries } from "./sample.ts";
import { isDrawn, type ShapeMask, shapeMask } from "./shape-mask.ts";
import { boxDistribution, type WeightedBox } from "./size.ts";

/** Points of the training that a schedule is averaged over. */
const schedulePoints = 64;

/**
 * Share of an image that Cutout masks on average: union of the holes, clipping and probability counted in.
 *
 * One hole of height h and width w covers pixel (y, x) with the chance r_h(y) c_w(x), where r_h(y) is the share of the
 * row positions that cover row y and c_w(x) the same for columns; a shape that is no rectangle, with the share of
 * positions that put one of its pixels there. p(y, x) is the mean of that over the sizes that can be drawn, and n
 * independent holes leave the pixel whole with (1 - p)^n. So the area is
 * probability * mean over pixels of 1 - (1 - p(y, x))^n, for a random n its mean. A hole of 16 in 32 x 32: 0.191.
 *
 * Exact where the size is fixed or a whole number of pixels; where it comes from a continuous range, by quadrature.
 * @param progress share of the training that is done, 0 to 1; left out: with a schedule the average over the training
 * @returns 0 to 1
 * @throws Error when an option is wrong or the hole does not fit the image
 */
export function expectedArea(given: CutoutGiven | CutoutPreset, image: ImageArea, progress?: number): number {
  const options = cutoutOptions(given);
  checkFits(options, image);
  return areaOf(options, image, progress);
}

/** The same of options that have been checked, in an image that they fit. */
export function areaOf(options: CutoutOptions, image: ImageArea, progress?: number): number {
  if (progress !== undefined) readValue("cutout", "progress", progressKind, progress);
  const { length } = options;
  if (progress === undefined && typeof length === "object" && "schedule" in length) {
    let sum = 0;
    for (let point = 0; point < schedulePoints; point++) {
      sum += areaAt(options, image, (point + 0.5) / schedulePoints);
    }
    return sum / schedulePoints;
  }
  return areaAt(options, image, progress ?? 1);
}

function areaAt(options: CutoutOptions, image: ImageArea, progress: number): number {
  const { nHoles, placement, shape } = options;
  const [fewest, most] = typeof nHoles === "number" ? [nHoles, nHoles] : nHoles;
  const distribution = boxDistribution(options, image, isContinuous(placement));
  const axis = axisPlacements[placement];
  let covered = 0;
  for (let count = fewest; count <= most; count++) {
    const boxes = accepted(distribution.weights(progress, count), distribution.fits);
    if (count === 1 && !isDrawn(shape)) {
      covered += meanOfOne(boxes, image, axis);
      continue;
    }
    const chances = isDrawn(shape)
      ? maskCoverage(
          boxes.map(({ height, weight }) => ({ mask: shapeMask(shape, height), weight })),
          image,
          placement === "inside",
        )
      : boxCoverage(boxes, image, axis);
    for (const chance of chances) covered += 1 - (1 - chance) ** count;
  }
  return (options.probability * covered) / (most - fewest + 1) / (image.height * image.width);
}

/** Boxes that fit, with the chance that one of the tries gives them. */
function accepted(boxes: readonly WeightedBox[], fits: (box: ImageArea) => boolean): readonly WeightedBox[] {
  const good = boxes.filter(fits);
  if (good.length === boxes.length) return boxes;
  const chance = good.reduce((sum, { weight }) => sum + weight, 0);
  const ever = 1 - (1 - chance) ** maximumTries;
  return good.map((box) => ({ ...box, weight: (box.weight * ever) / chance }));
}

/** Pixels that one hole covers on average: the sums over rows and columns part, so no map is needed. */
function meanOfOne(boxes: readonly WeightedBox[], { height, width }: ImageArea, axis: AxisPlacement): number {
  const sums = (extent: number) => {
    const known = new Map<number, number>();
    return (size: number): number => {
      let sum = known.get(size);
      if (sum === undefined) {
        sum = 0;
        for (let pixel = 0; pixel < extent; pixel++) sum += axis.coverage(extent, size, pixel);
        known.set(size, sum);
      }
      return sum;
    };
  };
  const rows = sums(height);
  const columns = sums(width);
  return boxes.reduce((sum, box) => sum + box.weight * rows(box.height) * columns(box.width), 0);
}

/** Chance of each pixel that one hole covers it: the sum over h of r_h(y) times the sum over w of P(h, w) c_w(x). */
function boxCoverage(boxes: readonly WeightedBox[], { height, width }: ImageArea, axis: AxisPlacement) {
  const columns = new Map<number, Float64Array>();
  const byHeight = new Map<number, Float64Array>();
  for (const box of boxes) {
    let column = columns.get(box.width);
    if (column === undefined) {
      column = Float64Array.from({ length: width }, (_, x) => axis.coverage(width, box.width, x));
      columns.set(box.width, column);
    }
    let sum = byHeight.get(box.height);
    if (sum === undefined) {
      sum = new Float64Array(width);
      byHeight.set(box.height, sum);
    }
    for (let x = 0; x < width; x++) sum[x]! += box.weight * column[x]!;
  }
  const chances = new Float64Array(height * width);
  for (const [size, sum] of byHeight) {
    for (let y = 0; y < height; y++) {
      const row = axis.coverage(height, size, y);
      if (row === 0) continue;
      for (let x = 0; x < width; x++) chances[y * width + x]! += row * sum[x]!;
    }
  }
  return chances;
}

/** The same for masks: pixel (y, x) is covered from as many positions as the mask has pixels there, clipped. */
function maskCoverage(
  masks: readonly { readonly mask: ShapeMask; readonly weight: number }[],
  { height, width }: ImageArea,
  inside: boolean,
): Float64Array {
  const chances = new Float64Array(height * width);
  for (const { mask, weight } of masks) {
    const rows = inside ? height - mask.height + 1 : height;
    const columns = inside ? width - mask.width + 1 : width;
    const halfHeight = inside ? 0 : Math.floor(mask.height / 2);
    const halfWidth = inside ? 0 : Math.floor(mask.width / 2);
    const before = prefixSums(mask);
    const stride = mask.width + 1;
    for (let y = 0; y < height; y++) {
      // With the box's corner in row p - half, row y is the mask's row y - p + half, for p from 0 to rows - 1.
      const low = clip(y + halfHeight - rows + 1, mask.height);
      const high = clip(y + halfHeight + 1, mask.height);
      for (let x = 0; x < width; x++) {
        const first = clip(x + halfWidth - columns + 1, mask.width);
        const end = clip(x + halfWidth + 1, mask.width);
        const pixels =
          before[high * stride + end]! -
          before[low * stride + end]! -
          before[high * stride + first]! +
          before[low * stride + first]!;
        chances[y * width + x]! += (weight * pixels) / (rows * columns);
      }
    }
  }
  return chances;
}

/** [height + 1, width + 1]: number of the mask's pixels above and to the left. */
function prefixSums({ height, width, runs }: ShapeMask): Int32Array {
  const stride = width + 1;
  const sums = new Int32Array((height + 1) * stride);
  for (let at = 0; at < runs.length; at += 3) {
    for (let x = runs[at + 1]!; x < runs[at + 2]!; x++) sums[(runs[at]! + 1) * stride + x + 1] = 1;
  }
  for (let y = 1; y <= height; y++) {
    let row = 0;
    for (let x = 1; x <= width; x++) {
      row += sums[y * stride + x]!;
      sums[y * stride + x] = sums[(y - 1) * stride + x]! + row;
    }
  }
  return sums;
}

const clip = (value: number, most: number) => Math.max(0, Math.min(most, value));
