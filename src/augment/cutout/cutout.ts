// Cutout (DeVries and Taylor 2017, section 3) for images in an array: one call a batch, or draw and paint apart.
import { type Rng, streamSeries } from "../../rng.ts";
import type { Fill } from "../fill/fill.ts";
import { painter } from "../fill/painter.ts";
import {
  checkPixels,
  copyOf,
  type ImageLayout,
  imageSize,
  type PixelArray,
  type PixelsOf,
} from "../image/layout.ts";
import { checkList, checkObject, checkProgress } from "./checks.ts";
import { checkHole, type Hole, type ImageArea } from "./hole.ts";
import { type CutoutOptions, checkCutout, paperOptions } from "./options.ts";
import { type CutoutPreset, presetOptions } from "./presets.ts";
import { holeSampler } from "./sample.ts";

export { expectedArea } from "./area.ts";
export { checkHole, coverageMap, type Hole, holeCovers, type ImageArea } from "./hole.ts";
export { type CutoutOptions, checkCutout, type SizedCutoutOptions } from "./options.ts";

/** The hole of side `length` around pixel (y, x), clipped at the border: never moved inside. */
export function holeAround(image: ImageArea, length: number, y: number, x: number): Hole {
  const before = Math.floor(length / 2);
  return {
    top: Math.max(0, y - before),
    bottom: Math.min(image.height, y - before + length),
    left: Math.max(0, x - before),
    right: Math.min(image.width, x - before + length),
  };
}

/**
 * Draws the holes of one image as plain data. To draw many, `holeSampler` checks and prepares once.
 * @param progress share of the training that is done, 0 to 1, for a length that follows a schedule
 * @returns the holes in the order drawn, already clipped; none when the image stays whole
 * @throws Error when an option is wrong or the hole does not fit the image
 */
export function sampleHoles(rng: Rng, image: ImageArea, options: CutoutOptions, progress = 1): Hole[] {
  checkRng("rng", rng);
  return holeSampler(options, image).sample(rng, progress);
}

/**
 * Paints holes into a copy of one image (or of its mask: give it the same holes and a fill of its own).
 * With `imageMean` the mean is that of the image before any hole; in 8 bits it is rounded.
 * @param image height x width x channels numbers; it is not changed
 * @param other an image of the same kind and shape, for the fill `otherImage`
 * @throws Error when the array does not fit the shape, a hole reaches outside the image, the fill does not fit, or a
 *   pixel is not finite where the image's mean is asked for
 */
export function applyHoles<A extends PixelArray>(
  image: A,
  shape: ImageLayout,
  holes: readonly Hole[],
  fill: Fill,
  other?: A,
): PixelsOf<A> {
  checkPixels("cutout", image, shape, 1);
  checkList("cutout", "holes", holes);
  for (const hole of holes) checkHole(hole, shape);
  const paint = painter(fill, shape, image instanceof Uint8Array);
  if (fill === "otherImage") {
    if (other === undefined)
      throw new Error("cutout: other must be an image for the fill otherImage, got none");
    checkSameKind(other, image, "other");
    checkPixels("cutout", other, shape, 1);
  }
  const result: PixelArray = copyOf(image);
  if (holes.length > 0) {
    paint(result, 0, holes, { pixels: image, offset: 0 }, () => ({ pixels: other!, offset: 0 }));
  }
  return result as PixelsOf<A>;
}

/** A batch of images: `count` is 1 when left out. */
export type BatchShape = ImageLayout & { readonly count?: number };

/** Cutout with its options, ready for images of any shape. */
export interface Cutout {
  /**
   * A new array of the same kind; the images are not changed.
   * @param random an integer seed (image i then has a stream of its own, whatever the batch size) or an `Rng` that is
   *   drawn from in order
   * @param progress share of the training that is done, 0 to 1; 1 when left out
   * @throws Error when the array does not fit the shape, or the hole does not fit the images
   */
  <A extends PixelArray>(images: A, shape: BatchShape, random: number | Rng, progress?: number): PixelsOf<A>;
  /** The same, written into `target`, which may be used again for the next batch. Returns the target. */
  into<A extends PixelArray>(
    target: A,
    images: A,
    shape: BatchShape,
    random: number | Rng,
    progress?: number,
  ): A;
  /** The same, into the images themselves: nothing is copied, only holes are touched. Returns the images. */
  inPlace<A extends PixelArray>(images: A, shape: BatchShape, random: number | Rng, progress?: number): A;
  /** Everything that was not given filled in, and presets written out. */
  readonly options: CutoutOptions;
}

type Given<O> = O extends unknown
  ? Pick<O, Extract<keyof O, "length" | "shape">> &
      Partial<Omit<O, "length" | "shape">> & { readonly like?: never }
  : never;

/** Options of which those left out are the paper's. */
export type CutoutGiven = Given<CutoutOptions>;

/**
 * Cutout for a pipeline of your own: one image or a batch, floats or bytes, in both orders of the axes. Options left
 * out are the paper's: one square hole, centre anywhere (clipped at the border), filled with zero, in every image.
 * Zero means the mean colour only after normalization: call it there, or use `imageMean`. With `like` it does what
 * another library does, with that library's options.
 *
 * @example
 * const augment = cutout({ length: 16 });
 * const result = augment(images, { count: 128, height: 32, width: 32, channels: 3, layout: "CHW" }, seed);
 * const erased = cutout({ like: "torchvision", value: "random" }).inPlace(images, shape, seed);
 *
 * @param options see {@link CutoutOptions}; `length` is required. Or see {@link CutoutPreset}
 * @throws Error when an option is wrong or unknown
 * @see DeVries and Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout", section 3
 */
export function cutout(options: CutoutGiven | CutoutPreset): Cutout {
  const complete = cutoutOptions(options);
  const run: Runner = runner(complete);
  const copying = <A extends PixelArray>(
    images: A,
    shape: BatchShape,
    random: number | Rng,
    progress = 1,
  ): PixelsOf<A> => {
    checkImages(images, shape);
    const result = copyOf(images);
    run(result, complete.fill === "otherImage" ? images : result, shape, random, progress);
    return result;
  };
  // Holes that show other images must show them as they were.
  const pristine = (images: PixelArray) => (complete.fill === "otherImage" ? copyOf(images) : images);
  return Object.assign(copying, {
    options: complete,
    into<A extends PixelArray>(
      target: A,
      images: A,
      shape: BatchShape,
      random: number | Rng,
      progress = 1,
    ): A {
      checkImages(images, shape);
      checkSameKind(target, images, "target");
      checkImages(target, shape);
      target.set(images);
      run(target, pristine(target), shape, random, progress);
      return target;
    },
    inPlace<A extends PixelArray>(images: A, shape: BatchShape, random: number | Rng, progress = 1): A {
      checkImages(images, shape);
      run(images, pristine(images), shape, random, progress);
      return images;
    },
  });
}

/**
 * Complete options from some, or from a preset.
 * @throws Error when an option is wrong or unknown
 */
export function cutoutOptions(given: CutoutGiven | CutoutPreset): CutoutOptions {
  checkObject("cutout", "options", given);
  if (given.like !== undefined) return presetOptions(given);
  for (const name of Object.keys(given)) {
    if (name !== "length" && name !== "shape" && !Object.hasOwn(paperOptions, name)) {
      const known = ["length", "shape", ...Object.keys(paperOptions), "like"].join(", ");
      throw new Error(`cutout: options are ${known}, got ${JSON.stringify(name)}`);
    }
  }
  const complete = { ...paperOptions, ...given } as CutoutOptions;
  checkCutout(complete);
  return complete;
}

/** Paints holes into `target`, whose images are those of `source` (or the same array). */
type Runner = (
  target: PixelArray,
  source: PixelArray,
  shape: BatchShape,
  random: number | Rng,
  progress: number,
) => void;

function runner(options: CutoutOptions): Runner {
  return (target, source, shape, random, progress) => {
    const count = countOf(shape);
    const { sample } = holeSampler(options, shape);
    const paint = painter(options.fill, shape, target instanceof Uint8Array);
    checkRandom(random);
    checkProgress(progress);
    const rngOf = typeof random === "number" ? streamSeries(random, "cutout") : () => random;
    const size = imageSize(shape);
    if (options.fill === "otherImage" && count < 2) {
      throw new Error(`cutout: count must be at least 2 for the fill otherImage, got ${count}`);
    }
    const shared = options.per === "batch" ? sample(rngOf(0), progress) : null;
    // One object and one function for all images: making them takes as long as painting a small hole.
    const place = { pixels: source, offset: 0 };
    let image = 0;
    const other = (seed: number) => ({ pixels: source, offset: otherIndex(seed, image, count) * size });
    for (; image < count; image++) {
      const holes = shared ?? sample(rngOf(image), progress);
      if (holes.length === 0) continue;
      place.offset = image * size;
      paint(target, place.offset, holes, place, other);
    }
  };
}

/** Another image of a batch, every one of them equally likely. */
export function otherIndex(seed: number, index: number, count: number): number {
  return (index + 1 + ((seed >>> 0) % (count - 1))) % count;
}

function isRng(value: unknown): boolean {
  return typeof (value as Rng | null | undefined)?.uniform === "function";
}

function checkRng(name: string, rng: unknown): void {
  if (!isRng(rng))
    throw new Error(`cutout: ${name} must be an Rng, as stream() makes it, got ${String(rng)}`);
}

function checkRandom(random: unknown): void {
  if (!Number.isSafeInteger(random) && !isRng(random)) {
    throw new Error(`cutout: random must be an integer seed or an Rng, got ${String(random)}`);
  }
}

/** @throws Error when the shape is none, or the array does not fit it */
function checkImages(images: PixelArray, shape: BatchShape): void {
  checkObject("cutout", "shape", shape);
  checkPixels("cutout", images, shape, countOf(shape));
}

/** Left out it is 1; null, from a file, is an error. */
function countOf({ count }: BatchShape): number {
  return count === undefined ? 1 : count;
}

function checkSameKind(target: PixelArray, images: PixelArray, name: string): void {
  if (target instanceof Float32Array !== images instanceof Float32Array) {
    throw new Error(`cutout: ${name} must be of the same kind as the images, floats or bytes`);
  }
}
