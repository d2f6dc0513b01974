// What Random Erasing, Hide-and-Seek, GridMask and occlusion share: parameters give a mask, the mask is painted over.
import { CutoutError } from "../../error.ts";
import type { Rng } from "../../rng.ts";
import type { About, Augmentation } from "../augmentation.ts";
import { checkFillChannels, type MaskFill, maskFill } from "../fill/fill.ts";
import { normalizedFill } from "../fill/normalized.ts";
import { paintMask } from "../fill/paint-mask.ts";
import { checkImage } from "../image/image.ts";
import { checkShape, type ImageShape } from "../image/layout.ts";
import { checkRng, type Field, type Fields, integer, type Kind, readParameters } from "../options.ts";
import type { Effect } from "../targets/effect.ts";

/** Height and width of what is masked. */
export type MaskArea = Pick<ImageShape, "height" | "width">;

/** An augmentation that paints over some pixels and leaves the others as they are. */
export interface MaskingAugmentation<Parameters> extends Augmentation<Parameters> {
  /** [height x width], 1 where the image is painted over. */
  mask(area: MaskArea, parameters: Parameters): Uint8Array;
  effects(parameters: Parameters, input: ImageShape): readonly Effect[];
}

/** One whose masked share is known. */
export interface MeasuredMasking<Parameters> extends MaskingAugmentation<Parameters> {
  /**
   * Share of an image that is masked on average, 0 to 1.
   * @param progress share of the training that is done, 0 to 1; 1 when left out
   * @throws Error when images of this size cannot be augmented so
   */
  expectedArea(area: MaskArea, progress?: number): number;
}

/** Parameters with the seed of the fill's noise, which is drawn last and whatever the fill is. */
export interface FillSeed {
  readonly fillSeed: number;
}

const fillSeed: Field<number> = { kind: integer() };

/** What an augmentation that paints its `fill` over pixels is about. */
export function paintsOver(where: string): About {
  return {
    kind: "mask",
    scale: "normalized",
    normalized(given: { readonly fill?: unknown } | null | undefined, normalization) {
      const fill =
        given?.fill === undefined ? undefined : maskFill.read(given.fill, { where, option: "fill" });
      return fill === undefined ? given : { ...given, fill: normalizedFill(fill, normalization) };
    },
  };
}

/**
 * Puts an augmentation together from how to draw and how to mask.
 * @param parts.checkArea throws when images of this size cannot be augmented so
 * @param parts.paint sets the bytes of what is masked in a mask of zeros
 */
export function masking<Parameters extends FillSeed>(parts: {
  readonly name: string;
  readonly fill: MaskFill;
  /** What parameters must be, which may come from a file; the seed of the fill is added. */
  readonly parameters: Fields<Omit<Parameters, "fillSeed">>;
  checkArea?(area: MaskArea): void;
  sample(rng: Rng, input: ImageShape, progress: number): Omit<Parameters, "fillSeed">;
  paint(mask: Uint8Array, area: MaskArea, parameters: Parameters): void;
}): MaskingAugmentation<Parameters> {
  const { name, fill } = parts;
  const check = (input: ImageShape) => {
    checkShape(name, input);
    parts.checkArea?.(input);
    checkFillChannels(name, fill, input.channels);
  };
  const fields = { ...parts.parameters, fillSeed } as unknown as Fields<Parameters>;
  const mask = (area: MaskArea, parameters: Parameters): Uint8Array => {
    const { height, width } = area;
    const painted = new Uint8Array(height * width);
    parts.paint(painted, { height, width }, readParameters(name, fields, parameters));
    return painted;
  };
  return {
    name,
    outputShape(input) {
      check(input);
      return input;
    },
    sample(rng, input, progress) {
      checkRng(name, rng);
      check(input);
      const drawn = parts.sample(rng, input, progress);
      return { ...drawn, fillSeed: rng.seed() } as Parameters;
    },
    mask,
    apply(image, parameters) {
      checkImage(name, image);
      checkFillChannels(name, fill, image.channels);
      const painted = mask(image, parameters);
      return paintMask(image, painted, fill, parameters.fillSeed);
    },
    effects: (parameters, input) => [{ kind: "hide", covered: mask(input, parameters) }],
  };
}

/** Rows [top, bottom) and columns [left, right). */
export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** @throws Error unless the box lies in the image */
export function checkBox(where: string, box: Box, { height, width }: MaskArea): void {
  const inRange = (start: number, end: number, extent: number) =>
    Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= extent;
  if (box === null || typeof box !== "object") {
    throw new CutoutError({
      where,
      option: "box",
      what: "must be { top, bottom, left, right }",
      got: String(box),
    });
  }
  const { top, bottom, left, right } = box;
  if (!inRange(top, bottom, height) || !inRange(left, right, width)) {
    throw new CutoutError({
      where,
      option: "box",
      what: `must lie in the image of ${height} x ${width}`,
      got: `rows [${top}, ${bottom}), columns [${left}, ${right})`,
    });
  }
}

/** An object whose values are all integers. */
export function integers<const Name extends string>(
  ...names: readonly Name[]
): Kind<{ readonly [N in Name]: number }> {
  return {
    must: `{ ${names.join(", ")} }, all integers`,
    read: (value) => {
      const given = Object.entries(value !== null && typeof value === "object" ? value : {});
      const right = names.every((name) =>
        given.some(([key, number]) => key === name && Number.isInteger(number)),
      );
      return right && given.length === names.length ? (value as { readonly [N in Name]: number }) : undefined;
    },
  };
}

export const boxKind: Kind<Box> = integers("top", "bottom", "left", "right");

/** A list of integers, not empty, from which one is drawn for each image. */
export function integerList(least: number): Kind<readonly number[]> {
  return {
    must: `a list of integers >= ${least}, not empty`,
    read: (value) => {
      const right = (entry: unknown) => Number.isSafeInteger(entry) && (entry as number) >= least;
      return Array.isArray(value) && value.length > 0 && value.every(right) ? value : undefined;
    },
  };
}
