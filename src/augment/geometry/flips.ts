// Horizontal and vertical flip as augmentations.
import type { Augmentation, Image } from "../augmentation.ts";
import { checkImage, copyImage, emptyImage } from "../image/image.ts";
import { checkShape, type ImageShape, imageStrides, type PixelArray } from "../image/layout.ts";
import { boolean, checkRng, type Fields, probability, readOptions, readParameters } from "../options.ts";
import type { Matrix } from "./matrix.ts";

export interface FlipOptions {
  /** Chance of a flip, 0 to 1. 0.5 when left out. */
  readonly probability?: number;
}

export interface FlipParameters {
  readonly flip: boolean;
}

/** Left and right exchanged. Any scale of pixels; floats and bytes. `RandomHorizontalFlip` of torchvision. */
export function horizontalFlip(given: FlipOptions = {}): Augmentation<FlipParameters> {
  return flipAlong("horizontal-flip", given, ({ width }) => [-1, 0, width, 0, 1, 0]);
}
horizontalFlip.about = { kind: "geometry", scale: "normalized" } as const;

/** Top and bottom exchanged. Any scale of pixels; floats and bytes. `RandomVerticalFlip` of torchvision. */
export function verticalFlip(given: FlipOptions = {}): Augmentation<FlipParameters> {
  return flipAlong("vertical-flip", given, ({ height }) => [1, 0, 0, 0, -1, height]);
}
verticalFlip.about = { kind: "geometry", scale: "normalized" } as const;

const options: Fields<Required<FlipOptions>> = { probability: { kind: probability, otherwise: 0.5 } };
const parameters: Fields<FlipParameters> = { flip: { kind: boolean } };

function flipAlong(
  name: string,
  given: FlipOptions,
  matrixOf: (image: ImageShape) => Matrix,
): Augmentation<FlipParameters> {
  const settings = readOptions(name, options, given);
  return {
    name,
    outputShape(input) {
      checkShape(name, input);
      return input;
    },
    sample(rng, input) {
      checkRng(name, rng);
      checkShape(name, input);
      return { flip: rng.uniform() < settings.probability };
    },
    apply(image, drawn) {
      checkImage(name, image);
      const { flip } = readParameters(name, parameters, drawn);
      return flip ? mirrored(image, matrixOf(image)) : copyImage(image);
    },
    effects(drawn, input) {
      const { flip } = readParameters(name, parameters, drawn);
      const { height, width } = input;
      return flip ? [{ kind: "move", matrix: matrixOf(input), height, width }] : [];
    },
  };
}

/** A matrix of -1, 0 and 1 undoes itself, so it says where each pixel comes from as well. */
function mirrored<A extends PixelArray>(image: Image<A>, [a, , c, , e, f]: Matrix): Image<A> {
  const result = emptyImage(image);
  const { row, column, channel } = imageStrides(image);
  for (let y = 0; y < image.height; y++) {
    const fromRow = e === 1 ? y : f - 1 - y;
    for (let x = 0; x < image.width; x++) {
      const fromColumn = a === 1 ? x : c - 1 - x;
      for (let k = 0; k < image.channels; k++) {
        result.pixels[y * row + x * column + k * channel] =
          image.pixels[fromRow * row + fromColumn * column + k * channel]!;
      }
    }
  }
  return result;
}
