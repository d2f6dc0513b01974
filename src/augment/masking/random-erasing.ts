// Random Erasing (Zhong et al. 2017, "Random Erasing Data Augmentation", algorithm 1): one rectangle of random size.
import { type MaskFill, maskFill } from "../fill/fill.ts";
import {
  choice,
  type Fields,
  integer,
  orNull,
  probability,
  type Range,
  range,
  readOptions,
} from "../options.ts";
import {
  type Box,
  boxKind,
  checkBox,
  type FillSeed,
  type MaskArea,
  type MeasuredMasking,
  masking,
  paintsOver,
} from "./masking.ts";

export interface RandomErasingOptions {
  /** Chance that an image is erased at all, 0 to 1. */
  readonly probability: number;
  /** Share of the image's area that the rectangle has, drawn uniformly (s_l and s_h). */
  readonly area: Range;
  /** Height over width (r_1 and r_2). */
  readonly aspect: Range;
  /** How the aspect is drawn: `uniform` (paper), or `logUniform`, so that tall and wide are equally likely. */
  readonly aspectScale: "uniform" | "logUniform";
  /**
   * `anywhere`: the top left corner is any pixel, and what reaches over the border is drawn anew (algorithm 1, where
   * large rectangles are therefore rarer); `inside`: a corner that fits is drawn (the authors' code, torchvision, timm).
   */
  readonly corner: "anywhere" | "inside";
  /** How often a rectangle that does not fit is drawn anew before the image is left as it is. */
  readonly tries: number;
  /** `random`: a random number for each pixel and channel (RE-R, the paper's best). */
  readonly fill: MaskFill;
}

/** Null when the image stays whole. */
export interface RandomErasingParameters extends FillSeed {
  readonly box: Box | null;
}

const where = "random-erasing";

/** The paper's values (section 4.2); the authors' code gives up after 100 tries. */
const fields: Fields<RandomErasingOptions> = {
  probability: { kind: probability, otherwise: 0.5 },
  area: { kind: range({ min: 0, max: 1 }), otherwise: [0.02, 0.4] },
  aspect: { kind: range({ above: 0 }), otherwise: [0.3, 1 / 0.3] },
  aspectScale: { kind: choice(["uniform", "logUniform"]), otherwise: "uniform" },
  corner: { kind: choice(["anywhere", "inside"]), otherwise: "anywhere" },
  tries: { kind: integer({ min: 1 }), otherwise: 100 },
  fill: { kind: maskFill, otherwise: "random" },
};

/** How an aspect comes from a number in [0, 1). */
const aspectScales: {
  readonly [S in RandomErasingOptions["aspectScale"]]: (range: Range, at: number) => number;
} = {
  uniform: ([low, high], at) => low + (high - low) * at,
  logUniform: ([low, high], at) => low * (high / low) ** at,
};

/** One axis: whether an extent can fit at all, how many corners are drawn from, and how many of them fit. */
interface Corner {
  fits(extent: number, side: number): boolean;
  drawn(extent: number, side: number): number;
  good(extent: number, side: number): number;
}

const corners: { readonly [C in RandomErasingOptions["corner"]]: Corner } = {
  anywhere: {
    fits: () => true,
    drawn: (_, side) => side,
    good: (extent, side) => Math.max(0, Math.min(side, side - extent + 1)),
  },
  // Strictly smaller than the image, as in the authors' code, torchvision and timm.
  inside: {
    fits: (extent, side) => extent < side,
    drawn: (extent, side) => side - extent + 1,
    good: (extent, side) => side - extent + 1,
  },
};

/**
 * Random Erasing. Draws: a number against `probability`; then for each try one for the area, one for the aspect, and
 * the corner's row and column (`inside`: only where the size fits); last the seed of the fill.
 * @throws Error that names the option when one is wrong or unknown
 */
export function randomErasing(
  options: Partial<RandomErasingOptions> = {},
): MeasuredMasking<RandomErasingParameters> {
  const complete = readOptions(where, fields, options);
  const { probability, corner, tries } = complete;
  const augmentation = masking<RandomErasingParameters>({
    name: where,
    fill: complete.fill,
    parameters: { box: { kind: orNull(boxKind) } },
    sample(rng, { height, width }) {
      if (rng.uniform() >= probability) return { box: null };
      const { fits, drawn } = corners[corner];
      for (let attempt = 0; attempt < tries; attempt++) {
        const size = sizeOf(complete, { height, width }, rng.uniform(), rng.uniform());
        if (!fits(size.height, height) || !fits(size.width, width)) continue;
        const top = rng.integer(drawn(size.height, height));
        const left = rng.integer(drawn(size.width, width));
        const box = { top, bottom: top + size.height, left, right: left + size.width };
        if (box.bottom <= height && box.right <= width) return { box };
      }
      return { box: null };
    },
    paint(mask, area, { box }) {
      if (box === null) return;
      checkBox(where, box, area);
      for (let y = box.top; y < box.bottom; y++) {
        mask.fill(1, y * area.width + box.left, y * area.width + box.right);
      }
    },
  });
  return { ...augmentation, expectedArea: (area) => expectedArea(complete, area) };
}
randomErasing.about = paintsOver(where);

/** Height and width of the rectangle in whole pixels, from two numbers in [0, 1). */
function sizeOf(
  { area, aspect, aspectScale }: RandomErasingOptions,
  image: MaskArea,
  areaAt: number,
  aspectAt: number,
): MaskArea {
  const target = (area[0] + (area[1] - area[0]) * areaAt) * image.height * image.width;
  const ratio = aspectScales[aspectScale](aspect, aspectAt);
  return { height: Math.round(Math.sqrt(target * ratio)), width: Math.round(Math.sqrt(target / ratio)) };
}

/** Points of the quadrature along each of the two drawn numbers. */
const points = 400;

/**
 * By quadrature over area and aspect (midpoints, rounding to whole pixels counted in). A try succeeds with the
 * chance v = mean of the share g of its corners that fit; the rectangles of successful tries are weighted by g. So
 * the mean is probability * (1 - (1 - v)^tries) * mean(g h w) / (v H W).
 */
function expectedArea(options: RandomErasingOptions, { height, width }: MaskArea): number {
  const { fits, drawn, good } = corners[options.corner];
  let success = 0;
  let masked = 0;
  for (let i = 0; i < points; i++) {
    for (let j = 0; j < points; j++) {
      const size = sizeOf(options, { height, width }, (i + 0.5) / points, (j + 0.5) / points);
      if (!fits(size.height, height) || !fits(size.width, width)) continue;
      const rows = good(size.height, height) / drawn(size.height, height);
      const columns = good(size.width, width) / drawn(size.width, width);
      success += rows * columns;
      masked += rows * columns * size.height * size.width;
    }
  }
  if (success === 0) return 0;
  const once = success / points ** 2;
  const ever = 1 - (1 - once) ** options.tries;
  return (options.probability * ever * masked) / (success * height * width);
}
