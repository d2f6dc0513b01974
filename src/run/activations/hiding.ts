// Squares that hide a part of test images: growing ones at a random place, and one that slides over the whole image.
import { applyHoles, type Hole, holeAround, type ImageArea, type ImageShape } from "../../augment/index.ts";
import { stream } from "../../rng.ts";

/** Shares of the side that the growing square has. */
export const hiddenShares: readonly number[] = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75];

/** Where an image's square lies: 0 at the upper or left border, 1 at the lower or right one. */
export interface RelativePlace {
  readonly y: number;
  readonly x: number;
}

/** The same for every network, and for every length of the square: it grows where it is. */
export function placeOf(seed: number, position: number): RelativePlace {
  const random = stream(seed, "hidden square", position);
  return { y: random.uniform(), x: random.uniform() };
}

/** Side in pixels: of the shorter side of the image. */
export const sideFor = ({ height, width }: ImageArea, share: number): number =>
  Math.round(share * Math.min(height, width));

/** The square lies inside the image, every place being equally likely, so that it hides as much as it says. */
export function squareAt({ height, width }: ImageArea, side: number, { y, x }: RelativePlace): Hole {
  const top = Math.floor(y * (height - side + 1));
  const left = Math.floor(x * (width - side + 1));
  return { top, bottom: top + side, left, right: left + side };
}

/** Writes an image with a hole of the mean colour, which is 0 after normalization, into a batch. */
export function hide(
  image: Float32Array,
  shape: ImageShape,
  hole: Hole,
  batch: Float32Array,
  index: number,
): void {
  batch.set(applyHoles(image, { ...shape, layout: "CHW" }, [hole], "zero"), index * image.length);
}

/** A square that slides: its centres lie on a grid of rows and columns, and it is clipped at the border. */
export interface Sliding {
  /** Side of the square, pixels. */
  readonly length: number;
  readonly rows: number;
  readonly columns: number;
  /** Row by row. */
  readonly holes: readonly Hole[];
}

/** Of the shorter side: the square, and the way from one place to the next. */
const sliding = { length: 1 / 4, step: 1 / 16 } as const;

/** @see Zeiler and Fergus 2014, section 4.2: a square slides over the image, and the class's probability is watched */
export function slidingSquare(image: ImageArea): Sliding {
  const side = Math.min(image.height, image.width);
  const length = Math.max(1, Math.round(sliding.length * side));
  const step = Math.max(1, Math.round(sliding.step * side));
  const centres = (extent: number) => {
    const count = Math.ceil(extent / step);
    return Array.from({ length: count }, (_, at) => Math.floor(((at + 0.5) * extent) / count));
  };
  const [ys, xs] = [centres(image.height), centres(image.width)];
  return {
    length,
    rows: ys.length,
    columns: xs.length,
    holes: ys.flatMap((y) => xs.map((x) => holeAround(image, length, y, x))),
  };
}
