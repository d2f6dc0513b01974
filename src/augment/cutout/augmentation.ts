// Cutout behind the interfaces that every augmentation has: parameters are drawn, stored, applied later.
import type { BatchAugmentation, Image } from "../augmentation.ts";
import { checkFill, type Fill } from "../fill/fill.ts";
import {
  checkPixels,
  checkShape,
  emptyLike,
  type ImageShape,
  imageSize,
  type PixelArray,
} from "../image/layout.ts";
import type { MeasuredMasking } from "../masking/masking.ts";
import { expectedArea } from "./area.ts";
import { checkInteger, checkList, checkObject } from "./checks.ts";
import { applyHoles, type CutoutGiven, cutoutOptions, otherIndex } from "./cutout.ts";
import { coverageMap, type Hole, type ImageArea } from "./hole.ts";
import { type CutoutOptions, checkCutout } from "./options.ts";
import type { CutoutPreset } from "./presets.ts";
import { type HoleSampler, holeSampler } from "./sample.ts";

/** The holes of one image and what they are filled with: plain JSON data, complete in itself. */
export interface CutoutParameters {
  readonly holes: readonly Hole[];
  readonly fill: Fill;
}

/** The holes of each image of a batch. */
export interface CutoutBatchParameters {
  readonly holes: readonly (readonly Hole[])[];
  readonly fill: Fill;
}

/** What both interfaces offer beside drawing and applying. */
interface Measured {
  readonly options: CutoutOptions;
  /**
   * Share of an image that is masked on average, 0 to 1.
   * @param progress share of the training that is done, 0 to 1; 1 when left out
   */
  expectedArea(area: ImageArea, progress?: number): number;
}

export interface CutoutAugmentation extends MeasuredMasking<CutoutParameters> {
  readonly options: CutoutOptions;
}

/**
 * Cutout for one image after the other. What meets other images of the batch (`per: "batch"`, the fill `otherImage`)
 * needs {@link cutoutBatchAugmentation}.
 * @throws Error when an option is wrong or unknown
 */
export function cutoutAugmentation(given: CutoutGiven | CutoutPreset): CutoutAugmentation {
  const options = cutoutOptions(given);
  if (options.per === "batch" || options.fill === "otherImage") {
    throw new Error(
      'cutout: per "batch" and the fill "otherImage" need a batch: use cutoutBatchAugmentation instead',
    );
  }
  const { fill } = options;
  const samplerFor = perShape(options);
  const mask = (area: ImageArea, parameters: CutoutParameters) => {
    checkObject("cutout", "parameters", parameters);
    return coverageMap(parameters.holes, area);
  };
  return {
    name: "cutout",
    options,
    outputShape: outputShape(options),
    sample: (rng, input, progress) => ({ holes: samplerFor(input).sample(rng, progress), fill }),
    apply<A extends PixelArray>(image: Image<A>, parameters: CutoutParameters): Image<A> {
      checkObject("cutout", "image", image);
      checkObject("cutout", "parameters", parameters);
      const pixels = applyHoles(image.pixels, image, parameters.holes, parameters.fill);
      return { ...image, pixels: pixels as PixelArray as A };
    },
    mask,
    effects: (parameters, input) => [{ kind: "hide", covered: mask(input, parameters) }],
    expectedArea: (area, progress = 1) => expectedArea(options, area, progress),
  };
}

/**
 * Cutout for batches: each image its own holes, or all the same (`per: "batch"`); holes may show other images.
 * @throws Error when an option is wrong or unknown
 */
export function cutoutBatchAugmentation(
  given: CutoutGiven | CutoutPreset,
): BatchAugmentation<CutoutBatchParameters> & Measured {
  const options = cutoutOptions(given);
  const { fill, per } = options;
  const samplerFor = perShape(options);
  return {
    name: "cutout",
    options,
    sample(rng, input, progress) {
      const { sample } = samplerFor(input);
      checkInteger("cutout", "count", input.count, 1);
      const shared = per === "batch" ? sample(rng, progress) : null;
      return { holes: Array.from({ length: input.count }, () => shared ?? sample(rng, progress)), fill };
    },
    apply(batch, parameters) {
      checkObject("cutout", "batch", batch);
      const { pixels, count } = batch;
      checkPixels("cutout", pixels, batch, count);
      checkObject("cutout", "parameters", parameters);
      checkList("cutout", "holes", parameters.holes);
      if (parameters.holes.length !== count) {
        throw new Error(`cutout: holes must be lists for ${count} images, got ${parameters.holes.length}`);
      }
      if (parameters.fill === "otherImage" && count < 2) {
        throw new Error(`cutout: count must be at least 2 for the fill otherImage, got ${count}`);
      }
      const size = imageSize(batch);
      const image = (index: number) => pixels.subarray(index * size, (index + 1) * size);
      const result: PixelArray = emptyLike(pixels, pixels.length);
      parameters.holes.forEach((holes, index) => {
        // A hole at a time, so that each may show another image.
        let painted: PixelArray = image(index);
        if (parameters.fill === "otherImage") {
          for (const hole of holes) {
            const other = image(otherIndex(hole.seed ?? 0, index, count));
            painted = applyHoles(painted, batch, [hole], "otherImage", other);
          }
        } else painted = applyHoles(painted, batch, holes, parameters.fill);
        result.set(painted, index * size);
      });
      return { ...batch, pixels: result as PixelArray as typeof pixels };
    },
    expectedArea: (area, progress = 1) => expectedArea(options, area, progress),
  };
}

const outputShape = (options: CutoutOptions) => (input: ImageShape) => {
  checkShape("cutout", input);
  checkCutout(options, input);
  checkFill(options.fill, input.channels);
  return input;
};

/** Prepared once for images of one size after the other. */
function perShape(options: CutoutOptions): (area: ImageArea) => HoleSampler {
  let size = { height: 0, width: 0 };
  let sampler: HoleSampler | null = null;
  return (area) => {
    checkObject("cutout", "image", area);
    const { height, width } = area;
    if (sampler === null || height !== size.height || width !== size.width) {
      size = { height, width };
      sampler = holeSampler(options, size);
    }
    return sampler;
  };
}
