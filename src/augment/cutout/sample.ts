// Draws the holes of an image as plain data.
import type { Rng } from "../../rng.ts";
import { needsSeed } from "../fill/fill.ts";
import type { Hole, ImageArea } from "./hole.ts";
import type { CutoutOptions } from "./options.ts";
import { axisPlacements, isContinuous } from "./placement.ts";
import { type BoxLaw, boxLaw } from "./size.ts";
import { isDrawn, placedRuns, type Stamp, stampOf } from "./stamp.ts";

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
  const law = boxLaw(options, image, isContinuous(placement));
  const seeded = needsSeed(fill);
  const drawn = isDrawn(shape) ? shape : null;
  const stamps = new Map<number, Stamp>();
  const stampOfLength = (length: number): Stamp => {
    let stamp = stamps.get(length);
    if (stamp === undefined) {
      stamp = stampOf(drawn!, length);
      stamps.set(length, stamp);
    }
    return stamp;
  };

  return {
    sample(rng, progress) {
      if (rng.uniform() >= probability) return [];
      const count = fewest === most ? fewest : fewest + rng.integer(most - fewest + 1);
      const holes: Hole[] = [];
      for (let index = 0; index < count; index++) {
        const box = drawBox(law, rng, progress, count);
        if (box === null) continue;
        const stamp = drawn === null ? null : stampOfLength(box.height);
        const size = stamp ?? box;
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
        if (stamp === null && !seeded) holes.push(clipped);
        else {
          holes.push({
            ...clipped,
            ...(stamp !== null && { runs: placedRuns(stamp, top, left, image) }),
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

function drawBox(law: BoxLaw, rng: Rng, progress: number, count: number) {
  for (let attempt = 0; attempt < maximumTries; attempt++) {
    const box = law.draw(rng, progress, count);
    if (law.fits(box)) return box;
  }
  return null;
}

function clip(value: number, extent: number): number {
  return Math.max(0, Math.min(extent, value));
}
