// Affine: a random rotation, shift, enlargement and shear in one.

import type { Augmentation } from "../augmentation.ts";
import { checkChannels } from "../fill/fill.ts";
import { meanFill } from "../fill/mean-fill.ts";
import { checkImage } from "../image/image.ts";
import { checkShape } from "../image/layout.ts";
import {
  checkRng,
  choice,
  degreesKind,
  type Fields,
  type Kind,
  number,
  orNull,
  type PerChannel,
  pair,
  perChannel,
  type Range,
  range,
  readOptions,
  readParameters,
} from "../options.ts";
import { uniformIn } from "../random.ts";
import { after, type Matrix } from "./matrix.ts";
import { type Interpolation, interpolations, warp } from "./warp.ts";

export interface AffineOptions {
  /** Rotation, clockwise: one number d for -d to d, or from and to. */
  readonly degrees: number | Range;
  /** Largest shift to the side and up or down, as a share of width and height. None when left out. */
  readonly translate?: readonly [x: number, y: number] | null;
  /** Enlargement, from and to. None when left out. */
  readonly scale?: Range | null;
  /** Degrees: one number d for -d to d along x, from and to along x, or from and to along x and y. None when left out. */
  readonly shear?: number | Range | readonly [xMin: number, xMax: number, yMin: number, yMax: number] | null;
  /** `nearest` when left out. */
  readonly interpolation?: Interpolation;
  /** What lies outside the image, on the scale of the pixels: one number, or one a channel. 0 when left out. */
  readonly fill?: PerChannel;
  /** What stays in its place, [x, y] in pixels from the top left corner. The middle when left out. */
  readonly center?: readonly [x: number, y: number] | null;
}

interface Settings {
  readonly degrees: Range;
  readonly translate: readonly [number, number] | null;
  readonly scale: Range | null;
  readonly shear: readonly [x: Range, y: Range] | null;
  readonly interpolation: Interpolation;
  readonly fill: PerChannel;
  readonly center: readonly [number, number] | null;
}

export interface AffineParameters {
  /** Degrees, clockwise. */
  readonly angle: number;
  /** Pixels to the right and down. */
  readonly translate: readonly [x: number, y: number];
  readonly scale: number;
  /** Degrees along x and y. */
  readonly shear: readonly [x: number, y: number];
}

const name = "affine";

const shearAngle = { min: -89, max: 89 };
const shear: Kind<readonly [Range, Range]> = {
  must: "a number from 0 to 89, [min, max] for x, or [xMin, xMax, yMin, yMax], all from -89 to 89",
  read(value) {
    const limits = Array.isArray(value) ? value : [-(value as number), value];
    const x = range(shearAngle).read(limits.slice(0, 2));
    const y = limits.length === 4 ? range(shearAngle).read(limits.slice(2)) : ([0, 0] as const);
    return x === undefined || y === undefined || (limits.length !== 2 && limits.length !== 4)
      ? undefined
      : [x, y];
  },
};

const options: Fields<Settings> = {
  degrees: { kind: degreesKind },
  translate: { kind: orNull(pair({ min: 0, max: 1 })), otherwise: null },
  scale: { kind: orNull(range({ above: 0 })), otherwise: null },
  shear: { kind: orNull(shear), otherwise: null },
  interpolation: { kind: choice(interpolations), otherwise: "nearest" },
  fill: { kind: perChannel(), otherwise: 0 },
  center: { kind: orNull(pair()), otherwise: null },
};

const parameters: Fields<AffineParameters> = {
  angle: { kind: number() },
  translate: { kind: pair() },
  scale: { kind: number({ above: 0 }) },
  shear: { kind: pair(shearAngle) },
};

/**
 * Turns, shifts, enlarges and shears at random. Any scale of pixels; floats and bytes.
 * @throws Error when an option is wrong
 * @see `RandomAffine` of torchvision, whose options, defaults and directions these are
 */
export function affine(given: AffineOptions): Augmentation<AffineParameters> {
  const settings = readOptions(name, options, given);
  const matrixOf = (drawn: unknown, { height, width }: { height: number; width: number }) =>
    affineMatrix(readParameters(name, parameters, drawn), settings.center ?? [width / 2, height / 2]);
  return {
    name,
    outputShape(input) {
      checkShape(name, input);
      checkChannels(name, "fill", settings.fill, input.channels);
      return input;
    },
    sample(rng, input) {
      checkRng(name, rng);
      checkShape(name, input);
      const [x, y] = settings.translate ?? [0, 0];
      return {
        angle: uniformIn(rng, settings.degrees),
        translate: [wholeUpTo(rng.uniform(), x * input.width), wholeUpTo(rng.uniform(), y * input.height)],
        scale: uniformIn(rng, settings.scale ?? [1, 1]),
        shear: [uniformIn(rng, settings.shear?.[0] ?? [0, 0]), uniformIn(rng, settings.shear?.[1] ?? [0, 0])],
      };
    },
    apply(image, drawn) {
      checkImage(name, image);
      const { height, width } = image;
      const { interpolation, fill } = settings;
      return warp(image, matrixOf(drawn, image), { height, width, interpolation, fill });
    },
    effects(drawn, input) {
      const { height, width } = input;
      return [{ kind: "move", matrix: matrixOf(drawn, input), height, width }];
    },
  };
}
affine.about = { kind: "geometry", scale: "normalized", surrounded: meanFill } as const;

/** Input to output: centre to the origin, shear, enlarge, turn clockwise, back, shift. */
export function affineMatrix(
  { angle, translate, scale, shear }: AffineParameters,
  [centerX, centerY]: readonly [number, number],
): Matrix {
  const shearX = Math.tan(radians(shear[0]));
  const shearY = Math.tan(radians(shear[1]));
  const cos = scale * Math.cos(radians(angle));
  const sin = scale * Math.sin(radians(angle));
  const steps: readonly Matrix[] = [
    [1, 0, -centerX, 0, 1, -centerY],
    [1, -shearX, 0, 0, 1, 0],
    [1, 0, 0, -shearY, 1, 0],
    [cos, -sin, 0, sin, cos, 0],
    [1, 0, centerX + translate[0], 0, 1, centerY + translate[1]],
  ];
  return steps.reduce((whole, step) => after(step, whole));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** A whole number from -most to most, out of a uniform one. */
function wholeUpTo(uniform: number, most: number): number {
  return Math.round((2 * uniform - 1) * most) + 0; // + 0: no -0, which JSON does not keep
}
