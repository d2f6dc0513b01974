// Hide-and-Seek (Singh and Lee 2017; Singh et al. 2018): the image as a grid, each cell hidden by chance.
import { CutoutError } from "../../error.ts";
import { type MaskFill, maskFill } from "../fill/fill.ts";
import { type Fields, integer, type Kind, orNull, probability, readOptions } from "../options.ts";
import {
  type FillSeed,
  integerList,
  type MaskArea,
  type MeasuredMasking,
  masking,
  paintsOver,
} from "./masking.ts";

export interface HideAndSeekOptions {
  /**
   * Sides of a cell in pixels; one is drawn for each image, all equally likely. 0: nothing is hidden. A size that
   * stands twice is twice as likely. Null, the default: the authors' 0, 16, 32, 44 and 56 of 224 pixels, scaled to the
   * image's shorter side (see `hideAndSeekSizes`).
   */
  readonly gridSizes: readonly number[] | null;
  /** Chance that a cell is hidden, 0 to 1. */
  readonly hideProbability: number;
  /** `zero` is the training data's mean (paper) after normalization; on bytes give that mean, a number a channel. */
  readonly fill: MaskFill;
}

export interface HideAndSeekParameters extends FillSeed {
  /** Side of a cell; 0 when nothing is hidden. Cells at the right and at the bottom may be cut off. */
  readonly gridSize: number;
  /** Cells that are hidden, counted from 0 row by row. */
  readonly hidden: readonly number[];
}

const where = "hide-and-seek";
const paper = { side: 224, sizes: [0, 16, 32, 44, 56] } as const;

const fields: Fields<HideAndSeekOptions> = {
  gridSizes: { kind: orNull(integerList(0)), otherwise: null },
  hideProbability: { kind: probability, otherwise: 0.5 },
  fill: { kind: maskFill, otherwise: "zero" },
};

const cells: Kind<readonly number[]> = {
  must: "a list of integers",
  read: (value) => (Array.isArray(value) && value.every(Number.isInteger) ? value : undefined),
};

/** The authors' sizes (0, 16, 32, 44, 56 of 224 pixels) for an image whose shorter side has `side` pixels. */
export function hideAndSeekSizes(side: number): number[] {
  return paper.sizes.map((size) => (size === 0 ? 0 : Math.max(1, Math.round((size * side) / paper.side))));
}
hideAndSeek.about = paintsOver(where);

/**
 * Hide-and-Seek. Draws the cell's size, then a number for each cell, row by row; last the seed of the fill.
 * @throws Error that names the option when one is wrong or unknown
 */
export function hideAndSeek(
  options: Partial<HideAndSeekOptions> = {},
): MeasuredMasking<HideAndSeekParameters> {
  const { gridSizes, hideProbability, fill } = readOptions(where, fields, options);
  const sizesOf = ({ height, width }: MaskArea) => gridSizes ?? hideAndSeekSizes(Math.min(height, width));
  const checkSizes = ({ height, width }: MaskArea) => {
    if (gridSizes === null) return;
    const largest = Math.max(...gridSizes);
    const longer = Math.max(height, width);
    // One cell would be the whole image, hidden in half of the draws.
    if (largest >= longer && longer > 1) {
      throw new CutoutError({
        where,
        option: "gridSizes",
        what: `must be less than the image's longer side, ${longer}`,
        got: String(largest),
        remedy: `the paper's for this image are ${hideAndSeekSizes(Math.min(height, width)).join(", ")}`,
      });
    }
  };
  const augmentation = masking<HideAndSeekParameters>({
    name: where,
    fill,
    parameters: { gridSize: { kind: integer({ min: 0 }) }, hidden: { kind: cells } },
    checkArea: checkSizes,
    sample(rng, { height, width }) {
      const sizes = sizesOf({ height, width });
      const gridSize = sizes[rng.integer(sizes.length)]!;
      if (gridSize === 0) return { gridSize, hidden: [] };
      const count = Math.ceil(height / gridSize) * Math.ceil(width / gridSize);
      const hidden: number[] = [];
      for (let cell = 0; cell < count; cell++) if (rng.uniform() < hideProbability) hidden.push(cell);
      return { gridSize, hidden };
    },
    paint(mask, { height, width }, { gridSize, hidden }) {
      if (hidden.length === 0) return;
      const columns = Math.ceil(width / gridSize);
      const count = Math.ceil(height / gridSize) * columns;
      for (const cell of hidden) {
        if (!(cell >= 0 && cell < count)) {
          throw new CutoutError({
            where,
            option: "hidden",
            what: `must be cells from 0 to ${count - 1} for ${height} x ${width} pixels`,
            got: String(cell),
          });
        }
        const top = Math.floor(cell / columns) * gridSize;
        const left = (cell % columns) * gridSize;
        for (let y = top; y < Math.min(height, top + gridSize); y++) {
          mask.fill(1, y * width + left, y * width + Math.min(width, left + gridSize));
        }
      }
    },
  });
  return {
    ...augmentation,
    // Every pixel lies in exactly one cell.
    expectedArea(area) {
      checkSizes(area);
      const sizes = sizesOf(area);
      return (hideProbability * sizes.filter((size) => size > 0).length) / sizes.length;
    },
  };
}
