// Draws the holes of an image as plain data.
import type { Rng } from "../../rng.ts";
import { needsSeed } from "../fill/fill.ts";
import type { Hole, ImageArea } from "./hole.ts";
import type { CutoutOptions } from "./options.ts";
import { axisPlacements, isContinuous } from "./placement.ts";
import { isDrawn, placedRuns, type ShapeMask, shapeMask } from "./shape-mask.ts";
import { type BoxDistribution, boxDistribution } from "./size.ts";

/** Draws the holes of images of one size. */
export interface HoleSampler {
  /**
   * @param progress share of the training that is done, 0 to 1
   * @returns the holes in the order drawn, already clipped; none when the image stays whole
   */
  sample(rng: Rng, progress: number): Hole[];
}

/**
 * Prepares what all images of one size share. What is drawn: a number against `probability`;
 * the number of holes, where that is a range; then for each hole its size, where that is random (again, up to 10
 * times, while a random rectangle is not smaller than the image it must lie in; then there is no hole), y and x, and a
 * seed where the fill is random.
 * @param options complete and checked, and `checkFits` the image
 */
export function holeSampler(options: CutoutOptions, image: ImageArea): HoleSampler {
  const { probability, nHoles, placement, shape, fill } = options;
  const { height, width } = image;
  const [fewest, most] = typeof nHoles === "number" ? [nHoles, nHoles] : nHoles;
  const axis = axisPlacements[placement];
  const distribution = boxDistribution(options, image, isContinuous(placement));
  const seeded = needsSeed(fill);
  const drawn = isDrawn(shape) ? shape : null;
  const masks = new Map<number, ShapeMask>();
  const maskOfLength = (length: number): ShapeMask => {
    let mask = masks.get(length);
    if (mask === undefined) {
      mask = shapeMask(drawn!, length);
      masks.set(length, mask);
    }
    return mask;
  };

  return {
    sample(rng, progress) {
      if (rng.uniform() >= probability) return [];
      const count = fewest === most ? fewest : fewest + rng.integer(most - fewest + 1);
      const holes: Hole[] = [];
      for (let index = 0; index < count; index++) {
        const box = drawBox(distribution, rng, progress, count);
        if (box === null) continue;
        const mask = drawn === null ? null : maskOfLength(box.height);
        const size = mask ?? box;
        const y = axis.position(rng, height, size.height);
        const x = axis.position(rng, width, size.width);
        const top = axis.start(y, size.height);
        const left = axis.start(x, size.width);
        const clipped: Hole = {
          top: clip(top, height),
          bottom: clip(axis.end(y, size.height), height),
          left: clip(left, width),
          right: clip(axis.end(x, size.width), width),
        };
        if (mask === null && !seeded) holes.push(clipped);
        else {
          holes.push({
            ...clipped,
            ...(mask !== null && { runs: placedRuns(mask, top, left, image) }),
            ...(seeded && { seed: rng.seed() }),
          });
        }
      }
      return holes;
    },
  };
}

/** torchvision's and timm's number. */
export const maximumTries = 10;

function drawBox(distribution: BoxDistribution, rng: Rng, progress: number, count: number) {
  for (let attempt = 0; attempt < maximumTries; attempt++) {
    const box = distribution.draw(rng, progress, count);
    if (distribution.fits(box)) return box;
  }
  return null;
}

function clip(value: number, extent: number): number {
  return Math.max(0, Math.min(extent, value));
}
