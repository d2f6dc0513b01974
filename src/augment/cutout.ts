// Cutout (DeVries and Taylor 2017, section 3): draw square holes as plain data, paint them into images.
import { type Rng, stream } from "../rng.ts";
import {
  checkPixels,
  copyOf,
  type ImageLayout,
  type ImageShape,
  imageSize,
  imageStrides,
  type PixelArray,
  type PixelsOf,
} from "./layout.ts";

/** Rows [top, bottom) and columns [left, right) of an image, all channels. */
export interface Hole {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export interface CutoutOptions {
  /** Side of the square hole in pixels: even, >= 2, at most the longer side of the image. */
  readonly length: number;
  /** Number of holes an image, >= 1. They are independent and may overlap. */
  readonly nHoles: number;
  /**
   * `anywhere`: the centre is any pixel and the hole is clipped at the border (paper, authors' code,
   * reviewed numpy version); `inside`: the whole square lies in the image.
   */
  readonly placement: "anywhere" | "inside";
  /**
   * `zero`: 0, meant after normalization, where it is the data set's mean (paper);
   * `imageMean`: the image's own mean over height, width and channels, one number (reviewed numpy version).
   */
  readonly fill: "zero" | "imageMean";
  /** Chance that an image gets its holes at all, 0 to 1. */
  readonly probability: number;
}

/** The side of an image that a hole is drawn in. */
export type ImageArea = Pick<ImageShape, "height" | "width">;

/** What the authors' code does when only the length is given. */
const paperOptions: Omit<CutoutOptions, "length"> = {
  nHoles: 1,
  placement: "anywhere",
  fill: "zero",
  probability: 1,
};

/** One axis of a placement: from how many positions to draw, and what each one covers. */
interface Placement {
  positions(extent: number, length: number): number;
  start(position: number, length: number): number;
}

const placements: { readonly [P in CutoutOptions["placement"]]: Placement } = {
  // The centre is drawn; L/2 pixels lie before it and L/2 from it on.
  anywhere: { positions: (extent) => extent, start: (position, length) => position - length / 2 },
  // The corner is drawn.
  inside: { positions: (extent, length) => extent - length + 1, start: (position) => position },
};

const fills: { readonly [F in CutoutOptions["fill"]]: (image: PixelArray) => number } = {
  zero: () => 0,
  imageMean: (image) => {
    let sum = 0;
    for (let index = 0; index < image.length; index++) sum += image[index]!;
    const mean = sum / image.length;
    return image instanceof Float32Array ? mean : Math.round(mean);
  },
};

/**
 * Checks options, and that the hole fits where an image is given.
 * @throws Error that names the option, what must hold, and what it got
 */
export function checkCutout(options: CutoutOptions, image?: ImageArea): void {
  const { length, nHoles, placement, fill, probability } = options;
  if (!Number.isInteger(length) || length < 2 || length % 2 !== 0) {
    throw new Error(`cutout: length must be an even integer >= 2, got ${length}`);
  }
  if (!Number.isInteger(nHoles) || nHoles < 1) {
    throw new Error(`cutout: nHoles must be an integer >= 1, got ${nHoles}`);
  }
  if (!Object.hasOwn(placements, placement)) {
    throw new Error(`cutout: placement must be "anywhere" or "inside", got ${JSON.stringify(placement)}`);
  }
  if (!Object.hasOwn(fills, fill)) {
    throw new Error(`cutout: fill must be "zero" or "imageMean", got ${JSON.stringify(fill)}`);
  }
  if (!(probability >= 0 && probability <= 1)) {
    throw new Error(`cutout: probability must be from 0 to 1, got ${probability}`);
  }
  if (image === undefined) return;
  const longer = Math.max(image.height, image.width);
  if (length > longer) {
    throw new Error(`cutout: length must be at most the image's longer side, ${longer}, got ${length}`);
  }
  const shorter = Math.min(image.height, image.width);
  if (placement === "inside" && length > shorter) {
    throw new Error(
      `cutout: length must be at most the image's shorter side, ${shorter}, for placement "inside", got ${length}`,
    );
  }
}

/** The hole of side `length` around pixel (y, x), clipped at the border: never moved inside. */
export function holeAround(image: ImageArea, length: number, y: number, x: number): Hole {
  return square(image, length, y - length / 2, x - length / 2);
}

/**
 * Draws the holes of one image: a number against `probability`, then y and x of each hole.
 * @returns `nHoles` holes in the order drawn, already clipped; none when the image stays whole
 * @throws Error when an option is wrong or the hole does not fit the image
 */
export function sampleHoles(rng: Rng, image: ImageArea, options: CutoutOptions): Hole[] {
  checkCutout(options, image);
  if (rng.uniform() >= options.probability) return [];
  const { positions, start } = placements[options.placement];
  const { length } = options;
  const holes: Hole[] = [];
  for (let count = 0; count < options.nHoles; count++) {
    const y = rng.integer(positions(image.height, length));
    const x = rng.integer(positions(image.width, length));
    holes.push(square(image, length, start(y, length), start(x, length)));
  }
  return holes;
}

/**
 * Paints holes into a copy of one image (or of its mask: give it the same holes).
 * With `imageMean` the mean is that of the image before any hole; in 8 bits it is rounded.
 * @param image height x width x channels numbers; it is not changed
 * @throws Error when the array does not fit the shape, or a hole reaches outside the image
 */
export function applyHoles<A extends PixelArray>(
  image: A,
  shape: ImageLayout,
  holes: readonly Hole[],
  fill: CutoutOptions["fill"],
): PixelsOf<A> {
  checkPixels("cutout", image, shape, 1);
  const result = copyOf(image);
  if (holes.length > 0) paintHoles(result, 0, shape, holes, fills[fill](image));
  return result;
}

/**
 * Cutout for a pipeline of your own: returns a function that takes one image or a batch and gives
 * back a new array of the same kind. Options left out are the paper's: one hole, centre anywhere
 * (clipped at the border), filled with zero, in every image. Zero means the mean colour only after
 * normalization: call it there, or use `imageMean`.
 *
 * @example
 * const augment = cutout({ length: 16 });
 * const result = augment(images, { count: 128, height: 32, width: 32, channels: 3, layout: "CHW" }, seed);
 *
 * @param options see {@link CutoutOptions}; `length` is required
 * @returns `(images, shape, random)`: `shape.count` is 1 when left out; `random` is an integer seed
 *   (image i then has a stream of its own, whatever the batch size) or an `Rng` that is drawn from in order
 * @throws Error when an option is wrong or unknown, the array does not fit the shape, or the hole does not fit
 * @see DeVries and Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout", section 3
 */
export function cutout(
  options: Pick<CutoutOptions, "length"> & Partial<CutoutOptions>,
): <A extends PixelArray>(
  images: A,
  shape: ImageLayout & { readonly count?: number },
  random: number | Rng,
) => PixelsOf<A> {
  for (const name of Object.keys(options)) {
    if (name !== "length" && !Object.hasOwn(paperOptions, name)) {
      const known = ["length", ...Object.keys(paperOptions)].join(", ");
      throw new Error(`cutout: options are ${known}, got ${JSON.stringify(name)}`);
    }
  }
  const complete: CutoutOptions = { ...paperOptions, ...options };
  checkCutout(complete);
  return (images, shape, random) => {
    const count = shape.count ?? 1;
    checkPixels("cutout", images, shape, count);
    checkCutout(complete, shape);
    if (!Number.isSafeInteger(random) && typeof (random as Rng | undefined)?.uniform !== "function") {
      throw new Error(`cutout: random must be an integer seed or an Rng, got ${String(random)}`);
    }
    const result = copyOf(images);
    const size = imageSize(shape);
    for (let index = 0; index < count; index++) {
      const rng = typeof random === "number" ? stream(random, "cutout", index) : random;
      const holes = sampleHoles(rng, shape, complete);
      if (holes.length === 0) continue;
      const image = images.subarray(index * size, (index + 1) * size);
      paintHoles(result, index * size, shape, holes, fills[complete.fill](image));
    }
    return result;
  };
}

/**
 * Share of an image that Cutout masks on average: union of the holes, clipping and probability counted in.
 *
 * A pixel is covered by one hole with p(y, x) = r(y) c(x), where r(y) is the share of the row positions that
 * cover row y and c(x) the same for columns; n independent holes leave it whole with (1 - p)^n. So the area is
 * probability * mean over pixels of 1 - (1 - p(y, x))^n. Exact, not simulated. A hole of 16 in 32 x 32: 0.191.
 * @returns 0 to 1
 * @throws Error when an option is wrong or the hole does not fit the image
 */
export function expectedArea(options: CutoutOptions, image: ImageArea): number {
  checkCutout(options, image);
  const rows = coverage(image.height, options);
  const columns = coverage(image.width, options);
  let covered = 0;
  for (const row of rows) {
    for (const column of columns) covered += 1 - (1 - row * column) ** options.nHoles;
  }
  return (options.probability * covered) / (image.height * image.width);
}

/** For each of `extent` pixels of an axis: the chance that one hole covers it. */
function coverage(extent: number, { length, placement }: CutoutOptions): number[] {
  const { positions, start } = placements[placement];
  const count = positions(extent, length);
  const covers = new Array<number>(extent).fill(0);
  for (let position = 0; position < count; position++) {
    const from = start(position, length);
    const end = Math.min(extent, from + length);
    for (let pixel = Math.max(0, from); pixel < end; pixel++) covers[pixel]! += 1;
  }
  return covers.map((times) => times / count);
}

function square(image: ImageArea, length: number, top: number, left: number): Hole {
  return {
    top: Math.max(0, top),
    bottom: Math.min(image.height, top + length),
    left: Math.max(0, left),
    right: Math.min(image.width, left + length),
  };
}

/** Sets the pixels of the holes, in place, in the image that starts at `offset`. */
function paintHoles(
  target: PixelArray,
  offset: number,
  shape: ImageLayout,
  holes: readonly Hole[],
  value: number,
): void {
  const { row, column, channel } = imageStrides(shape);
  for (const hole of holes) {
    checkHole(hole, shape);
    for (let c = 0; c < shape.channels; c++) {
      for (let y = hole.top; y < hole.bottom; y++) {
        const line = offset + c * channel + y * row;
        for (let x = hole.left; x < hole.right; x++) target[line + x * column] = value;
      }
    }
  }
}

/** Throws unless the hole lies in the image; one that does not would be painted into the neighbour in a batch. */
export function checkHole(hole: Hole, { height, width }: ImageArea): void {
  if (!inRange(hole.top, hole.bottom, height) || !inRange(hole.left, hole.right, width)) {
    throw new Error(
      `cutout: hole must lie in the image of ${height} x ${width}, got rows [${hole.top}, ${hole.bottom}), ` +
        `columns [${hole.left}, ${hole.right})`,
    );
  }
}

function inRange(start: number, end: number, extent: number): boolean {
  return Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= extent;
}
