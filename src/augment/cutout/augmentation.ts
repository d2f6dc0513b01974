// Cutout behind the interfaces that every augmentation has: parameters are drawn, stored, applied later.
import { CutoutError } from "../../error.ts";
import type { BatchAugmentation, Image } from "../augmentation.ts";
import { checkFillChannels, type Fill, fill as fillKind } from "../fill/fill.ts";
import { normalizedFill } from "../fill/normalized.ts";
import { checkImage } from "../image/image.ts";
import { checkPixels, checkShape, copyOf, type ImageShape, type PixelArray } from "../image/layout.ts";
import type { Normalization } from "../image/normalize.ts";
import type { MeasuredMasking } from "../masking/masking.ts";
import { checkRng, integer, list, object, readValue, wrong } from "../options.ts";
import { areaOf } from "./area.ts";
import { applyHoles, batchPainter } from "./cutout.ts";
import { cutoutOptions, trainingCutout } from "./given.ts";
import { checkHole, coverageMap, type Hole, type ImageArea } from "./hole.ts";
import { type CutoutGiven, type CutoutOptions, checkFits } from "./options.ts";
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
 * @throws CutoutError when an option is wrong or unknown
 */
export function cutoutAugmentation(given: CutoutGiven | CutoutPreset): CutoutAugmentation {
  const options = cutoutOptions(given);
  if (options.per === "batch" || options.fill === "otherImage") {
    const option = options.per === "batch" ? "per" : "fill";
    throw new CutoutError({
      where: "cutout",
      option,
      what: "must not need other images of the batch here",
      got: JSON.stringify(options[option]),
      remedy: "use cutoutBatchAugmentation",
      kind: "settings",
    });
  }
  const { fill } = options;
  const samplerFor = perShape(options);
  const mask = (area: ImageArea, parameters: CutoutParameters) =>
    coverageMap(readValue("cutout", "parameters", object, parameters).holes as readonly Hole[], area);
  return {
    name: "cutout",
    options,
    outputShape(input) {
      samplerFor(input);
      return input;
    },
    sample(rng, input, progress) {
      checkRng("cutout", rng);
      return { holes: samplerFor(input).sample(rng, progress), fill };
    },
    apply<A extends PixelArray>(image: Image<A>, parameters: CutoutParameters): Image<A> {
      checkImage("cutout", image);
      readValue("cutout", "parameters", object, parameters);
      const pixels = applyHoles(image.pixels, image, parameters.holes, parameters.fill);
      return { ...image, pixels: pixels as PixelArray as A };
    },
    mask,
    effects: (parameters, input) => [{ kind: "hide", covered: mask(input, parameters) }],
    expectedArea: areaFor(options),
  };
}
cutoutAugmentation.about = {
  kind: "mask",
  scale: "normalized",
  normalized(given: CutoutGiven | CutoutPreset, normalization: Normalization): CutoutOptions {
    const options = trainingCutout(given);
    return { ...options, fill: normalizedFill(options.fill, normalization) };
  },
} as const;

/**
 * Cutout for batches: each image its own holes, or all the same (`per: "batch"`); holes may show other images.
 * @throws CutoutError when an option is wrong or unknown
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
      checkRng("cutout", rng);
      const { sample } = samplerFor(input);
      readValue("cutout", "count", integer({ min: 1 }), input.count);
      const shared = per === "batch" ? sample(rng, progress) : null;
      return { holes: Array.from({ length: input.count }, () => shared ?? sample(rng, progress)), fill };
    },
    apply(batch, parameters) {
      readValue("cutout", "batch", object, batch);
      const { pixels, count } = batch;
      checkPixels("cutout", pixels, batch, count);
      readValue("cutout", "parameters", object, parameters);
      readValue("cutout", "holes", list, parameters.holes);
      if (parameters.holes.length !== count) {
        throw wrong("cutout", "holes", `must be lists for ${count} images`, String(parameters.holes.length));
      }
      readValue("cutout", "fill", fillKind, parameters.fill);
      checkFillChannels("cutout", parameters.fill, batch.channels);
      const result: PixelArray = copyOf(pixels);
      const paint = batchPainter(parameters.fill, batch, result, pixels);
      parameters.holes.forEach((holes, image) => {
        for (const hole of readValue("cutout", "holes", list, holes) as readonly Hole[])
          checkHole(hole, batch);
        paint(image, holes);
      });
      return { ...batch, pixels: result as PixelArray as typeof pixels };
    },
    expectedArea: areaFor(options),
  };
}

cutoutBatchAugmentation.about = { kind: "batch" } as const;

const areaFor =
  (options: CutoutOptions) =>
  (area: ImageArea, progress = 1): number => {
    checkFits(options, { height: area.height, width: area.width });
    return areaOf(options, area, progress);
  };

/** Prepared once for images of one size after the other. */
function perShape(options: CutoutOptions): (input: ImageShape) => HoleSampler {
  let last: ImageShape = { height: 0, width: 0, channels: 0 };
  let sampler: HoleSampler | null = null;
  return (input) => {
    checkShape("cutout", input);
    const { height, width, channels } = input;
    if (sampler === null || height !== last.height || width !== last.width || channels !== last.channels) {
      last = { height, width, channels };
      checkFits(options, last);
      sampler = holeSampler(options, last);
    }
    return sampler;
  };
}
