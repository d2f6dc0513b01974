// GridMask (Chen et al. 2020, "GridMask Data Augmentation", section 3): a rotated grid of squares is dropped.
import { CutoutError } from "../../error.ts";
import { type MaskFill, maskFill } from "../fill/fill.ts";
import {
  type Fields,
  integer,
  type Kind,
  number,
  orNull,
  probability,
  progress as progressKind,
  type Range,
  readOptions,
  readValue,
} from "../options.ts";
import {
  type FillSeed,
  integers,
  type MaskArea,
  type MeasuredMasking,
  masking,
  paintsOver,
} from "./masking.ts";

export interface GridMaskOptions {
  /**
   * Side of one unit of the grid in pixels (d): drawn from the first number on, the second not included. Null, the
   * default: the paper's 96 to 224 of 224 pixels, scaled to the image's shorter side (see `gridMaskPeriod`).
   */
  readonly period: Range | null;
  /** Share of the unit's side that is kept in both directions (r); a square of side (1 - r) d is dropped. */
  readonly ratio: number;
  /** The grid is turned by whole degrees from 0 to this, this not included; 1 is no rotation. */
  readonly rotation: number;
  /** Chance that an image is masked, 0 to 1, at its highest. */
  readonly probability: number;
  /** Share of the training over which the chance rises linearly from 0; 0: the chance is constant. */
  readonly ramp: number;
  readonly fill: MaskFill;
}

/** Null when the image stays whole. */
export interface GridMaskParameters extends FillSeed {
  readonly grid: Grid | null;
}

export interface Grid {
  /** Side of a unit in pixels. */
  readonly period: number;
  /** Pixels of a unit's side that are kept, from the offset on. */
  readonly kept: number;
  /** Row and column at which a unit begins, in the unrotated square around the image. */
  readonly top: number;
  readonly left: number;
  /** Degrees, counter-clockwise. */
  readonly rotation: number;
}

const where = "grid-mask";
const paper = { side: 224, period: [96, 224] } as const;

const periods: Kind<Range> = {
  must: "[first, end), two integers with 2 <= first < end",
  read: (value) => {
    const right = Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);
    return right && value[0] >= 2 && value[0] < value[1] ? (value as unknown as Range) : undefined;
  },
};

const gridKind: Kind<Grid> = {
  must: "{ period, kept, top, left, rotation }, all integers, with a period >= 1",
  read: (value) => {
    const grid = integers("period", "kept", "top", "left", "rotation").read(value);
    return grid !== undefined && grid.period >= 1 ? grid : undefined;
  },
};

/** The authors' on ImageNet: 96 to 224 of 224 pixels, r 0.6, the chance rises to 0.8 in 240 of 300 epochs. */
const fields: Fields<GridMaskOptions> = {
  period: { kind: orNull(periods), otherwise: null },
  ratio: { kind: number({ min: 0, max: 1 }), otherwise: 0.6 },
  rotation: { kind: integer({ min: 1 }), otherwise: 360 },
  probability: { kind: probability, otherwise: 0.8 },
  ramp: { kind: number({ min: 0, max: 1 }), otherwise: 0.8 },
  fill: { kind: maskFill, otherwise: "zero" },
};

/** The paper's range of periods (96 to 224 of 224 pixels) for an image whose shorter side has `side` pixels. */
export function gridMaskPeriod(side: number): Range {
  const least = Math.max(2, Math.round((paper.period[0] * side) / paper.side));
  return [least, Math.max(least + 1, side)];
}
gridMask.about = paintsOver(where);

/**
 * GridMask. Draws a number against the probability, the period, the offsets of rows and columns, and the rotation;
 * last the seed of the fill.
 * @throws Error that names the option when one is wrong or unknown
 */
export function gridMask(options: Partial<GridMaskOptions> = {}): MeasuredMasking<GridMaskParameters> {
  const { period, ratio, rotation, probability, ramp, fill } = readOptions(where, fields, options);
  const checkPeriod = ({ height, width }: MaskArea) => {
    if (period === null) return;
    const longer = Math.max(height, width);
    // Larger units mostly miss the image, or cover it.
    if (period[1] > Math.max(longer, 3)) {
      const fitting = gridMaskPeriod(Math.min(height, width));
      throw new CutoutError({
        where,
        option: "period",
        what: `must end at most at the image's longer side, ${longer}`,
        got: String(period[1]),
        remedy: `the paper's for this image is ${fitting.join(" to ")}`,
      });
    }
  };
  const periodOf = ({ height, width }: MaskArea) => period ?? gridMaskPeriod(Math.min(height, width));
  const chance = (progress: number) => probability * (ramp === 0 ? 1 : Math.min(1, progress / ramp));
  const augmentation = masking<GridMaskParameters>({
    name: where,
    fill,
    parameters: { grid: { kind: orNull(gridKind) } },
    checkArea: checkPeriod,
    sample(rng, input, progress) {
      readValue(where, "progress", progressKind, progress);
      if (rng.uniform() >= chance(progress)) return { grid: null };
      const [first, end] = periodOf(input);
      const unit = first + rng.integer(end - first);
      const top = rng.integer(unit);
      const left = rng.integer(unit);
      return {
        grid: { period: unit, kept: keptOf(unit, ratio), top, left, rotation: rng.integer(rotation) },
      };
    },
    paint(mask, area, { grid }) {
      if (grid !== null) drawGrid(mask, area, grid);
    },
  });
  return {
    ...augmentation,
    // Wherever a pixel lands after the rotation, its offset in the unit is uniform: (1 - kept/d)^2 of all are dropped.
    expectedArea(area, progress = 1) {
      checkPeriod(area);
      readValue(where, "progress", progressKind, progress);
      const [first, end] = periodOf(area);
      let sum = 0;
      for (let unit = first; unit < end; unit++) sum += (1 - keptOf(unit, ratio) / unit) ** 2;
      return (chance(progress) * sum) / (end - first);
    },
  };
}

/** The stripe that is kept has ceil(r d) pixels, as in the authors' code. */
function keptOf(period: number, ratio: number): number {
  return Math.ceil(period * ratio);
}

/**
 * The grid lies on a square with the image's diagonal as its side, which is turned around its centre; the image is
 * the middle of that. So each pixel's centre is turned back, and its offset in the unit says whether it is dropped.
 */
function drawGrid(mask: Uint8Array, { height, width }: MaskArea, grid: Grid): void {
  const { period, kept, top, left, rotation } = grid;
  const side = Math.ceil(Math.sqrt(height * height + width * width));
  const rows = Math.floor((side - height) / 2);
  const columns = Math.floor((side - width) / 2);
  const angle = (-rotation * Math.PI) / 180;
  // Rounded, so that quarter turns are exact.
  const cos = Number(Math.cos(angle).toFixed(15));
  const sin = Number(Math.sin(angle).toFixed(15));
  const dropped = (position: number, offset: number) => {
    const within = (Math.floor(position) - offset) % period;
    return (within < 0 ? within + period : within) >= kept;
  };
  for (let y = 0; y < height; y++) {
    const v = y + rows + 0.5 - side / 2;
    for (let x = 0; x < width; x++) {
      const u = x + columns + 0.5 - side / 2;
      if (dropped(-sin * u + cos * v + side / 2, top) && dropped(cos * u + sin * v + side / 2, left)) {
        mask[y * width + x] = 1;
      }
    }
  }
}
