// Greyscale: an image loses its colours at random.
import type { Augmentation } from "../augmentation.ts";
import { checkColourChannels, checkColours, copyImage } from "../image/image.ts";
import { checkShape } from "../image/layout.ts";
import { boolean, checkRng, type Fields, probability, readOptions, readParameters } from "../options.ts";
import { greyscaled } from "./adjust.ts";

export interface GreyscaleOptions {
  /** Chance that an image loses its colours, 0 to 1. 0.1 when left out. */
  readonly probability?: number;
}

export interface GreyscaleParameters {
  readonly grey: boolean;
}

const name = "greyscale";
const options: Fields<Required<GreyscaleOptions>> = { probability: { kind: probability, otherwise: 0.1 } };
const parameters: Fields<GreyscaleParameters> = { grey: { kind: boolean } };

/**
 * Grey in all three channels: 0.2989 red + 0.587 green + 0.114 blue. Before normalization: floats from 0 to 1, or
 * bytes; an image of one channel stays as it is.
 * @throws Error when an option is wrong
 * @see `RandomGrayscale` of torchvision, whose `p` is `probability` here
 */
export function greyscale(given: GreyscaleOptions = {}): Augmentation<GreyscaleParameters> {
  const settings = readOptions(name, options, given);
  return {
    name,
    outputShape(input) {
      checkShape(name, input);
      checkColourChannels(name, input.channels);
      return input;
    },
    sample(rng, input) {
      checkRng(name, rng);
      checkShape(name, input);
      return { grey: rng.uniform() < settings.probability };
    },
    apply(image, drawn) {
      checkColours(name, image);
      const { grey } = readParameters(name, parameters, drawn);
      return grey ? greyscaled(image) : copyImage(image);
    },
  };
}
greyscale.about = { kind: "colour", scale: "unit" } as const;
