// Blur: a Gaussian of random width.
import { CutoutError } from "../../error.ts";
import type { Augmentation, Image } from "../augmentation.ts";
import { checkImage, emptyImage, rounding } from "../image/image.ts";
import { checkShape, type ImageShape, imageStrides, type PixelArray } from "../image/layout.ts";
import {
  checkRng,
  type Fields,
  integer,
  type Kind,
  number,
  type Range,
  rangeOr,
  readOptions,
  readParameters,
} from "../options.ts";
import { uniformIn } from "../random.ts";

export interface BlurOptions {
  /** Pixels that are taken together along each axis: one odd number, or [width, height]. */
  readonly kernelSize: number | readonly [width: number, height: number];
  /** Standard deviation of the Gaussian in pixels: one number, or from and to. [0.1, 2] when left out. */
  readonly sigma?: number | Range;
}

interface Settings {
  readonly kernelSize: readonly [width: number, height: number];
  readonly sigma: Range;
}

export interface BlurParameters {
  /** Standard deviation in pixels. */
  readonly sigma: number;
}

const name = "blur";

const odd = integer({ min: 1 });
const kernelSize: Kind<Settings["kernelSize"]> = {
  must: "an odd integer >= 1, or [width, height] of such",
  read(value) {
    const sizes: unknown[] = Array.isArray(value) ? value : [value, value];
    const valid = sizes.length === 2 && sizes.every((size) => (odd.read(size) ?? 0) % 2 === 1);
    return valid ? (sizes as [number, number]) : undefined;
  },
};

const options: Fields<Settings> = {
  kernelSize: { kind: kernelSize },
  sigma: { kind: rangeOr({ above: 0 }, (sigma) => [sigma, sigma], { above: 0 }), otherwise: [0.1, 2] },
};

const parameters: Fields<BlurParameters> = { sigma: { kind: number({ above: 0 }) } };

/**
 * Gaussian blur; beyond the border the image is mirrored. Any scale of pixels; floats and bytes.
 * @throws Error when an option is wrong, or half the kernel reaches further than the image is large
 * @see `GaussianBlur` of torchvision, whose options and defaults these are
 */
export function blur(given: BlurOptions): Augmentation<BlurParameters> {
  const settings = readOptions(name, options, given);
  const check = (input: ImageShape) => {
    checkShape(name, input);
    const [across, down] = settings.kernelSize;
    if ((across - 1) / 2 >= input.width || (down - 1) / 2 >= input.height) {
      throw new CutoutError({
        where: name,
        option: "kernelSize",
        what: `must be smaller than twice the image of ${input.height} x ${input.width}`,
        got: `${down} x ${across}`,
      });
    }
  };
  return {
    name,
    outputShape(input) {
      check(input);
      return input;
    },
    sample(rng, input) {
      checkRng(name, rng);
      check(input);
      return { sigma: uniformIn(rng, settings.sigma) };
    },
    apply(image, drawn) {
      checkImage(name, image);
      check(image);
      const { sigma } = readParameters(name, parameters, drawn);
      return blurred(image, settings.kernelSize, sigma);
    },
  };
}
blur.about = { kind: "colour", scale: "normalized" } as const;

/** One axis after the other: a Gaussian of two axes is the product of two of one. */
function blurred<A extends PixelArray>(
  image: Image<A>,
  [across, down]: readonly [number, number],
  sigma: number,
): Image<A> {
  const { height, width, channels } = image;
  const { row, column, channel } = imageStrides(image);
  const between = new Float32Array(image.pixels.length);
  const result = emptyImage(image);
  const target = rounding(result.pixels);
  const rowKernel = gaussian(across, sigma);
  const columnKernel = gaussian(down, sigma);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      blurLine(image.pixels, between, c * channel + y * row, column, width, rowKernel);
    }
    for (let x = 0; x < width; x++) {
      blurLine(between, target, c * channel + x * column, row, height, columnKernel);
    }
  }
  return result;
}

type Line = PixelArray | Uint8ClampedArray;

function blurLine(
  from: Line,
  to: Line,
  start: number,
  step: number,
  extent: number,
  kernel: readonly number[],
): void {
  const half = (kernel.length - 1) / 2;
  for (let at = 0; at < extent; at++) {
    let sum = 0;
    for (let tap = 0; tap < kernel.length; tap++) {
      sum += kernel[tap]! * from[start + mirrored(at + tap - half, extent) * step]!;
    }
    to[start + at * step] = sum;
  }
}

/** The border pixel itself is the mirror and is not repeated. */
function mirrored(position: number, extent: number): number {
  const positive = Math.abs(position);
  return positive < extent ? positive : 2 * (extent - 1) - positive;
}

/** exp(-x^2 / (2 sigma^2)), sum 1. */
function gaussian(size: number, sigma: number): number[] {
  const half = (size - 1) / 2;
  const raw = Array.from({ length: size }, (_, tap) => Math.exp(-(((tap - half) / sigma) ** 2) / 2));
  const total = raw.reduce((sum, value) => sum + value, 0);
  return raw.map((value) => value / total);
}
