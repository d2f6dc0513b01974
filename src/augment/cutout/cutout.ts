// Cutout (DeVries and Taylor 2017, section 3) for images in an array: one call a batch, or draw and paint apart.
import { type Rng, streamSeries } from "../../rng.ts";
import { checkFillChannels, type Fill, fill as fillKind } from "../fill/fill.ts";
import { painter } from "../fill/paint-holes.ts";
import {
  checkPixels,
  copyOf,
  type ImageLayout,
  imageSize,
  type PixelArray,
  type PixelsOf,
} from "../image/layout.ts";
import { checkRng, isRng, list, object, progress as progressKind, readValue, wrong } from "../options.ts";
import { cutoutOptions } from "./given.ts";
import { checkHole, type Hole, type ImageArea } from "./hole.ts";
import { type CutoutGiven, type CutoutOptions, checkFits } from "./options.ts";
import type { CutoutPreset } from "./presets.ts";
import { holeSampler } from "./sample.ts";

/**
 * Draws the holes of one image as plain data. To draw many, `cutoutAugmentation` checks and prepares once.
 * @param progress share of the training that is done, 0 to 1, for a length that follows a schedule
 * @returns the holes in the order drawn, already clipped; none when the image stays whole
 * @throws CutoutError when an option is wrong or the hole does not fit the image
 */
export function sampleHoles(
  rng: Rng,
  image: ImageArea,
  given: CutoutGiven | CutoutPreset,
  progress = 1,
): Hole[] {
  checkRng("cutout", rng);
  const options = cutoutOptions(given);
  const { height, width } = readValue("cutout", "image", object, image) as unknown as ImageArea;
  checkFits(options, { height, width });
  return holeSampler(options, image).sample(rng, progress);
}

/**
 * Paints holes into a copy of one image (or of its mask: give it the same holes and a fill of its own).
 * With `imageMean` the mean is that of the image before any hole; in 8 bits it is rounded.
 * @param image height x width x channels numbers; it is not changed
 * @param other an image of the same kind and shape, for the fill `otherImage`
 * @throws CutoutError when the array does not fit the shape, a hole reaches outside the image, the fill does not fit, or
 *   a pixel is not finite where the image's mean is asked for
 */
export function applyHoles<A extends PixelArray>(
  image: A,
  shape: ImageLayout,
  holes: readonly Hole[],
  fill: Fill,
  other?: A,
): PixelsOf<A> {
  checkPixels("cutout", image, shape, 1);
  readValue("cutout", "holes", list, holes);
  for (const hole of holes) checkHole(hole, shape);
  readValue("cutout", "fill", fillKind, fill);
  checkFillChannels("cutout", fill, shape.channels);
  const paint = painter(fill, shape, image instanceof Uint8Array);
  if (fill === "otherImage") {
    if (other === undefined) {
      throw wrong("cutout", "other", "must be an image for the fill otherImage", "none");
    }
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
   * @throws CutoutError when the array does not fit the shape, or the hole does not fit the images
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
 * @param given see {@link CutoutOptions}; `length` is required. Or see {@link CutoutPreset}
 * @throws CutoutError when an option is wrong or unknown
 * @see DeVries and Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout", section 3
 */
export function cutout(given: CutoutGiven | CutoutPreset): Cutout {
  const options = cutoutOptions(given);
  const run: Runner = runner(options);
  const copying = <A extends PixelArray>(
    images: A,
    shape: BatchShape,
    random: number | Rng,
    progress = 1,
  ): PixelsOf<A> => {
    checkImages(images, shape);
    const result = copyOf(images);
    run(result, options.fill === "otherImage" ? images : result, shape, random, progress);
    return result;
  };
  // Holes that show other images must show them as they were.
  const pristine = (images: PixelArray) => (options.fill === "otherImage" ? copyOf(images) : images);
  return Object.assign(copying, {
    options,
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
    checkFits(options, shape);
    const { sample } = holeSampler(options, shape);
    if (!Number.isSafeInteger(random) && !isRng(random)) {
      throw wrong("cutout", "random", "must be an integer seed or an Rng", String(random));
    }
    readValue("cutout", "progress", progressKind, progress);
    const rngOf = typeof random === "number" ? streamSeries(random, "cutout") : () => random;
    const paint = batchPainter(options.fill, { ...shape, count }, target, source);
    const shared = options.per === "batch" ? sample(rngOf(0), progress) : null;
    for (let image = 0; image < count; image++) paint(image, shared ?? sample(rngOf(image), progress));
  };
}

/**
 * Paints the holes of one image of a batch after the other.
 * @param fill has passed `checkFillChannels`
 * @param target what to paint
 * @param source the same images as they were before any hole: may be the target, but for the fill `otherImage`
 * @throws CutoutError when holes show other images and there are none
 */
export function batchPainter(
  fill: Fill,
  shape: ImageLayout & { readonly count: number },
  target: PixelArray,
  source: PixelArray,
): (image: number, holes: readonly Hole[]) => void {
  const { count } = shape;
  if (fill === "otherImage" && count < 2) {
    throw wrong("cutout", "count", "must be at least 2 for the fill otherImage", String(count));
  }
  const paint = painter(fill, shape, target instanceof Uint8Array);
  const size = imageSize(shape);
  // One object and one function for all images: making them takes as long as painting a small hole.
  const place = { pixels: source, offset: 0 };
  let current = 0;
  const other = (seed: number) => ({ pixels: source, offset: otherIndex(seed, current, count) * size });
  return (image, holes) => {
    if (holes.length === 0) return;
    current = image;
    place.offset = image * size;
    paint(target, place.offset, holes, place, other);
  };
}

/** Another image of a batch, every one of them equally likely. */
export function otherIndex(seed: number, index: number, count: number): number {
  return (index + 1 + ((seed >>> 0) % (count - 1))) % count;
}

/** @throws CutoutError when the shape is none, or the array does not fit it */
function checkImages(images: PixelArray, shape: BatchShape): void {
  readValue("cutout", "shape", object, shape);
  checkPixels("cutout", images, shape, countOf(shape));
}

/** Left out it is 1; null, from a file, is an error. */
function countOf({ count }: BatchShape): number {
  return count === undefined ? 1 : count;
}

function checkSameKind(target: PixelArray, images: PixelArray, name: string): void {
  if (target instanceof Float32Array !== images instanceof Float32Array) {
    const kindOf = (pixels: PixelArray) => (pixels instanceof Float32Array ? "floats" : "bytes");
    const must = `must be of the same kind as the images, ${kindOf(images)}`;
    throw wrong("cutout", name, must, kindOf(target));
  }
}
