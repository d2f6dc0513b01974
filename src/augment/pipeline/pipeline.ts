// The training pipeline: crop, flip, normalize and Cutout in one pass from 8-bit images to a float batch, others around it.
import { CutoutError } from "../../error.ts";
import type { Rng } from "../../rng.ts";
import { otherIndex } from "../cutout/cutout.ts";
import { checkedTrainingCutout, trainingCutout } from "../cutout/given.ts";
import { checkHole, type Hole } from "../cutout/hole.ts";
import { type CutoutGiven, type CutoutOptions, checkFits } from "../cutout/options.ts";
import type { CutoutPreset } from "../cutout/presets.ts";
import { holeSampler } from "../cutout/sample.ts";
import { checkFillChannels } from "../fill/fill.ts";
import { normalizedFill } from "../fill/normalized.ts";
import { painter } from "../fill/paint-holes.ts";
import { type CropOptions, checkCrop, reflectedCrop, sampleCrop } from "../geometry/crop.ts";
import { checkFlip, type Flip, sampleFlip, type Turn } from "../geometry/flip.ts";
import { type ImageLayout, type ImageShape, imageSize } from "../image/layout.ts";
import { checkNormalization, type Normalization } from "../image/normalize.ts";
import type { AugmentationSpec } from "../registry.ts";
import { sumOf } from "../simd/sums.ts";
import { afterPass, beforePass, checkAugmentations, type StepParameters } from "./around-pass.ts";
import { type CropPass, cropPass, type Painted } from "./crop-pass.ts";
import { aroundPass } from "./order.ts";

export type { CropOptions, CutoutOptions, Hole, ImageShape, Normalization };

/** Everything random about one image, as plain JSON data. */
export interface ImageParameters {
  /** Row of the crop's corner in the unpadded image; negative inside the padding. */
  readonly top: number;
  /** Column of the crop's corner in the unpadded image; negative inside the padding. */
  readonly left: number;
  readonly flip: boolean;
  /** What lies outside the image: its mirror image; zero where it is left out. */
  readonly border?: "reflect";
  /** In the image after crop and flip; already clipped at its border. */
  readonly holes: readonly Hole[];
  /** Of the augmentations that come first, on the decoded image; left out without any, and in the views of evaluation. */
  readonly before?: StepParameters;
  /** Of the augmentations that follow; left out without any. */
  readonly after?: StepParameters;
}

interface PipelineOptions<Cutout> {
  /** Shape of the 8-bit images. */
  readonly input: ImageShape;
  readonly crop: CropOptions;
  /** Chance of a horizontal flip, 0 to 1, or "alternating": in every other epoch. */
  readonly flip: Flip;
  readonly normalization: Normalization;
  /** null: no Cutout. */
  readonly cutout: Cutout | null;
  /**
   * Others, each at the place of its kind: geometry and then colours on the decoded bytes, masks and then noise on the
   * normalized image after Cutout. None when left out.
   */
  readonly augmentations?: readonly AugmentationSpec[];
}

/** As a person gives them: of Cutout some options, or a preset. */
export type TrainingPipelineOptions = PipelineOptions<CutoutGiven | CutoutPreset>;

/** Checked and complete, as plain data: another thread makes the same pipeline out of them. */
export type CompletePipelineOptions = PipelineOptions<CutoutOptions>;

/** When an image is drawn, and with which others: what its own stream cannot tell. */
export interface Occasion {
  /** Share of the training that is done, 0 to 1, for what follows a schedule; 1 when left out. */
  readonly progress?: number;
  /** Makes a stream, the same for each image of a batch, for what they share (Cutout per "batch"). */
  readonly ofBatch?: () => Rng;
  /** What alternating flips go by. */
  readonly turn?: Turn;
}

export interface Pipeline {
  /** Shape of what it makes. */
  readonly output: ImageShape;
  /**
   * False where an image does not depend on the others of its batch: `apply` then takes images that lie anywhere. Left
   * out, the array that it gets holds exactly the batch.
   */
  readonly needsBatch?: boolean;
  /** Draws what is random about one image. @throws Error when what is drawn needs more of the occasion than is told */
  sample(rng: Rng, occasion?: Occasion): ImageParameters;
  /**
   * One pass over one image: bytes [height, width, channels] from `image[imageOffset]` on, to normalized floats
   * [channels, crop height, crop width] from `target[targetOffset]` on. The input is never changed.
   *
   * Holes that show another image take it from the same array: `image` then holds the images of a batch.
   * @throws Error when an offset leaves no room for the image, or a hole reaches outside the crop
   */
  apply(
    image: Uint8Array,
    imageOffset: number,
    parameters: ImageParameters,
    target: Float32Array,
    targetOffset: number,
  ): void;
}

/** Where an image lies. */
interface Place {
  readonly pixels: Uint8Array;
  readonly offset: number;
}

/** Images of a shape, and how a crop of one is made. */
interface Source {
  readonly shape: ImageShape;
  readonly copyCrop: CropPass;
}

/** A pipeline that tells how it was made. */
export interface TrainingPipeline extends Pipeline {
  readonly options: CompletePipelineOptions;
  readonly needsBatch: boolean;
}

/**
 * The paper's order: crop, flip, normalize, Cutout. Geometry and colours come before it on the decoded bytes, masks and
 * noise after it on the normalized image.
 *
 * Pixels of the padding are zero after normalization, or the image's own, mirrored at its border. With the fill `imageMean` a hole gets the mean, over
 * height, width and channels, of the crop before normalization and before any hole (padding of zero counts as the
 * mean colour that it stands for), and that one number is then normalized per channel: what comes out of cutting
 * the un-normalized image first, as the reviewed numpy version does, and normalizing after. Numbers of other fills are
 * in the units of the normalized image; colours, and noise in shares of white, are normalized.
 *
 * Crop and flip are drawn before the holes, from the same stream: with and without Cutout an image gets the
 * same crop and flip. The others are drawn after the holes.
 * @throws Error that names the option when one is wrong or does not fit the others
 */
export function trainingPipeline(given: TrainingPipelineOptions): TrainingPipeline {
  const { input, crop, flip, normalization, augmentations = [] } = given;
  checkCrop(crop, input);
  checkFlip(flip);
  checkNormalization(normalization, input.channels);
  const output = { height: crop.height, width: crop.width, channels: input.channels };
  checkAugmentations(augmentations, input, crop);
  const cutout = given.cutout && trainingCutout(given.cutout);
  if (cutout !== null) checkFits(cutout, output);
  return makePipeline({ ...given, cutout });
}

/**
 * The same of what has been checked before: a config has been, and what another thread was sent.
 * @param checked complete; of Cutout our own options, or a preset
 * @throws Error when lists with a number a channel do not fit the images
 */
export function makePipeline(checked: PipelineOptions<CutoutOptions | CutoutPreset>): TrainingPipeline {
  const { input, crop, flip, normalization, augmentations = [] } = checked;
  const border = crop.paddingMode === "reflect" && crop.padding > 0 ? ({ border: "reflect" } as const) : {};
  const cutout = checked.cutout && checkedTrainingCutout(checked.cutout);
  const output: ImageShape = { height: crop.height, width: crop.width, channels: input.channels };
  const around = aroundPass(augmentations);
  const before = beforePass(around.before, input, crop, normalization);
  const after = afterPass(around.after, output, normalization);
  const sampler = cutout === null ? null : holeSampler(cutout, output);
  if (cutout !== null) checkFillChannels("cutout", cutout.fill, output.channels);
  const fill = cutout === null ? "zero" : normalizedFill(cutout.fill, normalization);
  const fromDecoded: Source = { shape: input, copyCrop: cropPass(input, output, normalization) };
  const fromAugmented: Source =
    before === null
      ? fromDecoded
      : { shape: before.output, copyCrop: cropPass(before.output, output, normalization) };
  const fromReflected: Source = { shape: output, copyCrop: cropPass(output, output, normalization) };
  const reflectedBytes = [new Uint8Array(imageSize(output)), new Uint8Array(imageSize(output))] as const;
  const layout: ImageLayout = { ...output, layout: "CHW" };
  const paint = painter(fill, layout, false);
  const values = new Float64Array(output.channels);
  const whole: Painted = { holes: [], values };
  const other = fill === "otherImage" ? new Float32Array(imageSize(output)) : null;
  const inputSize = imageSize(input);
  const outputSize = imageSize(output);

  /** @param another the image that stands in the batch where this seed says; null where holes show none */
  const fusedPass = (
    { shape, copyCrop }: Source,
    image: Uint8Array,
    imageOffset: number,
    parameters: ImageParameters,
    target: Float32Array,
    targetOffset: number,
    another: ((seed: number) => Place) | null,
  ) => {
    const { holes } = parameters;
    for (let index = 0; index < holes.length; index++) checkHole(holes[index]!, output);
    if (holes.length === 0) {
      copyCrop(image, imageOffset, parameters, target, targetOffset, whole);
    } else if (fill === "zero" || fill === "imageMean") {
      if (fill === "imageMean") {
        const mean = meanOfCrop(image, imageOffset, shape, output, parameters, normalization.mean);
        for (let c = 0; c < values.length; c++) {
          values[c] = (mean - normalization.mean[c]!) / normalization.std[c]!;
        }
      }
      copyCrop(image, imageOffset, parameters, target, targetOffset, { holes, values });
    } else {
      copyCrop(image, imageOffset, parameters, target, targetOffset, whole);
      paint(target, targetOffset, holes, { pixels: target, offset: targetOffset }, (seed) => {
        const { pixels, offset } = another!(seed);
        copyCrop(pixels, offset, parameters, other!, 0, whole);
        return { pixels: other!, offset: 0 };
      });
    }
  };
  /** The same of a crop over the border, where the image goes on as its mirror image. */
  const reflectedPass: typeof fusedPass = (
    source,
    image,
    offset,
    parameters,
    target,
    targetOffset,
    another,
  ) => {
    const region = { top: parameters.top, left: parameters.left, height: output.height, width: output.width };
    const reflected = (place: Place, bytes: Uint8Array): Place => {
      reflectedCrop(place.pixels, place.offset, source.shape, region, bytes);
      return { pixels: bytes, offset: 0 };
    };
    const [own, others] = reflectedBytes;
    const { pixels } = reflected({ pixels: image, offset }, own);
    const alike = another && ((seed: number) => reflected(another(seed), others));
    fusedPass(fromReflected, pixels, 0, { ...parameters, top: 0, left: 0 }, target, targetOffset, alike);
  };
  const passOf = ({ shape }: Source, { top, left, border: outside }: ImageParameters) => {
    const inside =
      top >= 0 && left >= 0 && top + output.height <= shape.height && left + output.width <= shape.width;
    return outside === undefined || inside ? fusedPass : reflectedPass;
  };
  const anotherOf =
    (image: Uint8Array, imageOffset: number) =>
    (seed: number): Place => {
      const count = Math.floor(image.length / inputSize);
      if (count < 2)
        throw new CutoutError({
          where: "augment",
          option: "image",
          what: "must hold a batch for holes that show another image",
        });
      const index = otherIndex(seed, Math.floor(imageOffset / inputSize), count);
      return { pixels: image, offset: (imageOffset % inputSize) + index * inputSize };
    };
  const sampleHolesOf = (rng: Rng, progress: number, ofBatch: (() => Rng) | undefined): readonly Hole[] => {
    if (sampler === null) return [];
    if (cutout?.per !== "batch") return sampler.sample(rng, progress);
    if (ofBatch === undefined)
      throw new CutoutError({
        where: "augment",
        option: "ofBatch",
        what: 'must be a stream with Cutout per "batch"',
      });
    return sampler.sample(ofBatch(), progress);
  };

  return {
    options: { ...checked, cutout },
    output,
    needsBatch: fill === "otherImage",
    sample(rng, { progress = 1, ofBatch, turn } = {}) {
      const { top, left } = sampleCrop(rng, fromAugmented.shape, crop);
      const flipped = sampleFlip(rng, flip, turn);
      const holes = sampleHolesOf(rng, progress, ofBatch);
      const drawn = { top, left, flip: flipped, holes, ...border };
      if (before === null && after === null) return drawn;
      return {
        ...drawn,
        ...(before !== null && { before: before.sample(rng, progress) }),
        ...(after !== null && { after: after.sample(rng, progress) }),
      };
    },
    apply(image, imageOffset, parameters, target, targetOffset) {
      checkRoom("image", image.length, imageOffset, inputSize);
      checkRoom("target", target.length, targetOffset, outputSize);
      const another = other === null ? null : anotherOf(image, imageOffset);
      if (before === null || parameters.before === undefined) {
        const pass = passOf(fromDecoded, parameters);
        pass(fromDecoded, image, imageOffset, parameters, target, targetOffset, another);
      } else {
        const drawn = parameters.before;
        const augmented = before.apply(image, imageOffset, drawn);
        // Another image is shown as it would be in this one's place.
        const alike = (seed: number): Place => {
          const { pixels, offset } = another!(seed);
          return { pixels: before.apply(pixels, offset, drawn), offset: 0 };
        };
        const pass = passOf(fromAugmented, parameters);
        pass(fromAugmented, augmented, 0, parameters, target, targetOffset, alike);
      }
      if (parameters.after !== undefined) after?.apply(target, targetOffset, parameters.after);
    },
  };
}

function checkRoom(name: string, length: number, offset: number, size: number): void {
  if (!(Number.isInteger(offset) && offset >= 0 && offset + size <= length)) {
    throw new CutoutError({
      where: "augment",
      option: name,
      what: `must hold ${size} numbers from ${offset} on`,
      got: `an array of ${length}`,
    });
  }
}

/** Mean over height, width and channels of the crop, on the scale 0 to 1; padding has the mean colour. */
function meanOfCrop(
  image: Uint8Array,
  imageOffset: number,
  input: ImageShape,
  output: ImageShape,
  { top, left }: ImageParameters,
  channelMeans: readonly number[],
): number {
  const { height, width, channels } = output;
  const firstRow = Math.max(0, top);
  const endRow = Math.max(firstRow, Math.min(input.height, top + height));
  const firstColumn = Math.max(0, left);
  const endColumn = Math.max(firstColumn, Math.min(input.width, left + width));
  let bytes = 0;
  const columns = (endColumn - firstColumn) * channels;
  if (columns === input.width * channels) {
    const start = imageOffset + firstRow * columns;
    bytes = sumOf(image, start, start + (endRow - firstRow) * columns);
  } else {
    for (let y = firstRow; y < endRow; y++) {
      const start = imageOffset + (y * input.width + firstColumn) * channels;
      bytes += sumOf(image, start, start + columns);
    }
  }
  const padding = height * width - (endRow - firstRow) * (endColumn - firstColumn);
  let paddingSum = 0;
  for (let c = 0; c < channels; c++) paddingSum += padding * channelMeans[c]!;
  return (bytes / 255 + paddingSum) / (height * width * channels);
}
