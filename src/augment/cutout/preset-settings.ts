// Presets in a training: their short form, and their fills in the units of a normalized image.

import type { BlackAndWhite, Fill } from "../fill/fill.ts";
import type { Normalization } from "../image/normalize.ts";
import { parseNamed } from "../short-form.ts";
import type { CutoutOptions } from "./options.ts";
import { type CutoutPreset, presetNames, presetOptions } from "./presets.ts";

/**
 * A preset as a flag or a config file tells it: `timm`, or `torchvision:p=1,value=random`, with the library's options by
 * the names that they have here.
 * @throws Error when the text cannot be read, the name is unknown, or an option is wrong or missing
 */
export function parsePreset(text: string): CutoutPreset {
  const { name, options } = parseNamed(text);
  if (!(presetNames as readonly string[]).includes(name)) {
    throw new Error(`cutout: like must be ${presetNames.join(", ")}, got ${JSON.stringify(name)}`);
  }
  if ("like" in options) throw new Error(`cutout like ${name}: like must stand before the colon, once`);
  const preset = { ...options, like: name } as CutoutPreset;
  presetOptions(preset);
  return preset;
}

/** Where the numbers of a fill are: in the normalized image, or from black to white before it. */
type FillUnits = "normalized" | { readonly black: number; readonly white: number };

const bytes: FillUnits = { black: 0, white: 255 };

/** Where each library's own examples put it: after normalization, or on the image's own bytes. */
const unitsOf: { readonly [N in CutoutPreset["like"]]: (preset: CutoutPreset) => FillUnits } = {
  "authors-pytorch": () => "normalized",
  "authors-lua": () => "normalized",
  // The image's mean is taken before normalization by the training itself.
  "reviewed-numpy": () => "normalized",
  torchvision: () => "normalized",
  timm: () => "normalized",
  albumentations: () => bytes,
  keras(preset) {
    const [black, white] = (preset.like === "keras" && preset.valueRange) || [0, 255];
    return { black, white };
  },
  imgaug: () => bytes,
  ffcv: () => bytes,
};

/**
 * What another implementation does, for images that are normalized before their holes are painted: where it paints
 * before normalization, as on bytes, the fill is normalized too.
 * @param normalization of the training images
 * @throws Error when the preset is wrong, or `keras` has a value range of one value
 */
export function presetForTraining(preset: CutoutPreset, { mean, std }: Normalization): CutoutOptions {
  const options = presetOptions(preset);
  const units = unitsOf[preset.like](preset);
  if (units === "normalized") return options;
  const { black, white } = units;
  if (!(black < white)) {
    throw new Error(`cutout like ${preset.like}: valueRange must be two numbers, the smaller first`);
  }
  const share = (value: number) => (value - black) / (white - black);
  const normalized = (value: number, c: number) => (share(value) - mean[c]!) / std[c]!;
  const ends = {
    black: mean.map((_, c) => normalized(black, c)),
    white: mean.map((_, c) => normalized(white, c)),
  };
  return { ...options, fill: fillBetween(options.fill, ends, { share, normalized, width: white - black }) };
}

interface Scale {
  readonly share: (value: number) => number;
  readonly normalized: (value: number, channel: number) => number;
  /** From black to white. */
  readonly width: number;
}

function fillBetween(fill: Fill, unit: BlackAndWhite, { share, normalized, width }: Scale): Fill {
  if (typeof fill === "number") return unit.black.map((_, c) => normalized(fill, c));
  if (typeof fill === "string" || "datasetMean" in fill) return fill;
  if (!("per" in fill)) {
    // A list of one number over and over fits any number of channels, as one number does.
    const same = fill.every((value) => value === fill[0]);
    return same ? unit.black.map((_, c) => normalized(fill[0]!, c)) : fill.map(normalized);
  }
  // Numbers that are shares of white already stay as they are.
  if (fill.unit === "white") return { ...fill, unit };
  if ("uniform" in fill) {
    const end = (value: number | readonly number[]) =>
      typeof value === "number" ? share(value) : value.map(share);
    return { ...fill, uniform: [end(fill.uniform[0]), end(fill.uniform[1])], unit };
  }
  const { normal, clip, per } = fill;
  const clipped = clip && ([share(clip[0]), share(clip[1])] as const);
  return { normal: [share(normal[0]), normal[1] / width], per, unit, ...(clipped && { clip: clipped }) };
}
