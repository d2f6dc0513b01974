// What belongs to an image goes with it: segmentation masks, boxes and key points follow an augmentation.
import { CutoutError } from "../../error.ts";
import type { Augmentation } from "../augmentation.ts";
import { after, identity, inverse, type Matrix, move, type Point } from "../geometry/matrix.ts";
import { type Frame, sourcePixels } from "../geometry/warp.ts";
import { checkShape, type ImageShape } from "../image/layout.ts";
import { boolean, choice, type Fields, integer, orNull, probability, readOptions } from "../options.ts";
import type { Effect } from "./effect.ts";

/** The class of each pixel, row by row; as large as the image. */
export interface SegmentationMask<A extends MaskPixels = MaskPixels> extends Frame {
  readonly pixels: A;
}

export type MaskPixels = Uint8Array | Uint16Array | Int32Array;

/** In pixels: the image's top left corner is (0, 0), so that its first pixel lies from 0 to 1. Other fields are kept. */
export interface TargetBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** In pixels, as boxes: the centre of the first pixel is (0.5, 0.5). Other fields are kept. */
export type KeyPoint = Point;

export interface Targets<B extends TargetBox = TargetBox, K extends KeyPoint = KeyPoint> {
  readonly masks?: readonly SegmentationMask[];
  readonly boxes?: readonly B[];
  readonly keyPoints?: readonly K[];
}

export interface TransformedTargets<B extends TargetBox, K extends KeyPoint> {
  readonly masks: readonly SegmentationMask[];
  /** `visibility`: the share of the box's area that can still be seen, above 0 to 1. */
  readonly boxes: readonly (B & { readonly visibility: number })[];
  readonly keyPoints: readonly K[];
}

export interface TargetOptions {
  /** Boxes of which a smaller share of the area can be seen are dropped, 0 to 1; with 0 those of which nothing can be. */
  readonly minVisibility: number;
  /** Boxes end where what holes leave of them ends. False: they only end with the image. */
  readonly shrinkBoxes: boolean;
  /** Key points under a hole. Learning them from what is around is often wanted: `keep`. */
  readonly hiddenKeyPoints: "keep" | "drop";
  /** Key points that have left the image. */
  readonly outsideKeyPoints: "keep" | "drop";
  /** Class of what was not in the image before. */
  readonly maskOutside: number;
  /** Class of what lies under a hole; null: what it was. 255 is usual for "do not count". */
  readonly maskHidden: number | null;
}

const where = "targets";
const keepOrDrop = choice(["keep", "drop"]);

const fields: Fields<TargetOptions> = {
  minVisibility: { kind: probability, otherwise: 0 },
  shrinkBoxes: { kind: boolean, otherwise: true },
  hiddenKeyPoints: { kind: keepOrDrop, otherwise: "keep" },
  outsideKeyPoints: { kind: keepOrDrop, otherwise: "drop" },
  maskOutside: { kind: integer(), otherwise: 0 },
  maskHidden: { kind: orNull(integer()), otherwise: null },
};

/**
 * Masks, boxes and key points of an image, as they are after the same augmentation with the same parameters. Masks
 * take the nearest pixel. A box that turns becomes the upright box around it. Nothing given is changed.
 *
 * @example
 * const parameters = augment.sample(rng, image, 0);
 * const changed = augment.apply(image, parameters);
 * const { masks, boxes, keyPoints } = transformTargets(augment, parameters, image, { masks: [mask] });
 *
 * @param input shape of the image before the augmentation
 * @param options those left out: all boxes that can be seen at all, shrunk; hidden key points kept, those outside dropped;
 * new pixels of masks are 0, hidden ones unchanged
 * @throws Error when an option is wrong, a mask does not fit the image, or a box or key point is none
 */
export function transformTargets<Parameters, B extends TargetBox, K extends KeyPoint>(
  augmentation: Pick<Augmentation<Parameters>, "effects">,
  parameters: Parameters,
  input: ImageShape,
  targets: Targets<B, K>,
  options: Partial<TargetOptions> = {},
): TransformedTargets<B, K> {
  checkShape(where, input);
  const settings = readOptions(where, fields, options);
  const { masks = [], boxes = [], keyPoints = [] } = targets ?? {};
  for (const [name, list] of Object.entries({ masks, boxes, keyPoints })) checkEntries(name, list);
  for (const mask of masks) checkMask(mask, input, settings);
  for (const box of boxes) checkBox(box);
  for (const point of keyPoints) checkPoint(point);
  const effects = augmentation.effects?.(parameters, input) ?? [];
  const dropped: { readonly [S in State]: boolean } = {
    visible: false,
    hidden: settings.hiddenKeyPoints === "drop",
    outside: settings.outsideKeyPoints === "drop",
  };
  return {
    masks: masks.map((mask) => transformedMask(mask, effects, settings)),
    boxes: boxes.flatMap((box) => transformedBox(box, effects, input, settings)),
    keyPoints: keyPoints.flatMap((point) => {
      const { x, y, state } = followed(point, effects, input);
      return dropped[state] ? [] : [{ ...point, x, y }];
    }),
  };
}

type State = "visible" | "hidden" | "outside";

/** Where a point goes, and whether it has left the image or been hidden on the way. */
function followed(point: Point, effects: readonly Effect[], input: Frame): Point & { readonly state: State } {
  let place = point;
  let { height, width } = input;
  let hidden = false;
  let outside = isOutside(place, input);
  for (const effect of effects) {
    if (effect.kind === "move") {
      place = move(effect.matrix, place);
      ({ height, width } = effect);
      outside ||= isOutside(place, effect);
    } else if (!outside) {
      const row = Math.min(height - 1, Math.floor(place.y));
      const column = Math.min(width - 1, Math.floor(place.x));
      hidden ||= effect.covered[row * width + column] !== 0;
    }
  }
  return { x: place.x, y: place.y, state: outside ? "outside" : hidden ? "hidden" : "visible" };
}

/** A point on the border is in the image: the flip of a point at the left border lies on the right one. */
function isOutside({ x, y }: Point, { height, width }: Frame): boolean {
  return !(x >= 0 && x <= width && y >= 0 && y <= height);
}

/** Along each axis a box is cut into at least so many parts. */
const leastParts = 8;

/**
 * The box is cut along the pixels of the image, and the centre of every part followed: exact where pixels stay whole
 * (holes, flips, crops), and to a part of a pixel where they are turned or resized.
 */
function transformedBox<B extends TargetBox>(
  box: B,
  effects: readonly Effect[],
  input: Frame,
  { minVisibility, shrinkBoxes }: TargetOptions,
): (B & { readonly visibility: number })[] {
  const moves = effects.filter((effect) => effect.kind === "move");
  const matrix = moves.reduce((whole, effect) => after(effect.matrix, whole), identity);
  const columns = parts(box.left, box.right, input.width);
  const rows = parts(box.top, box.bottom, input.height);
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  let [visible, total] = [0, 0];
  for (const [top, bottom] of rows) {
    for (const [left, right] of columns) {
      const area = (bottom - top) * (right - left);
      total += area;
      const centre = { x: (left + right) / 2, y: (top + bottom) / 2 };
      if (followed(centre, effects, input).state !== "visible") continue;
      visible += area;
      if (shrinkBoxes) extend(bounds, matrix, { left, top, right, bottom });
    }
  }
  const visibility = visible / total;
  if (visible === 0 || visibility < minVisibility) return [];
  if (!shrinkBoxes) extend(bounds, matrix, box);
  const { height, width } = moves.at(-1) ?? input;
  return [
    {
      ...box,
      left: Math.max(0, bounds.left),
      top: Math.max(0, bounds.top),
      right: Math.min(width, bounds.right),
      bottom: Math.min(height, bounds.bottom),
      visibility,
    },
  ];
}

/**
 * From start to end, cut at every whole number in the image, and finer where that makes few parts. What lies before and
 * after the image is one part each, however far it reaches: nothing of it can be seen.
 */
function parts(start: number, end: number, extent: number): (readonly [number, number])[] {
  const borders = [start];
  const last = Math.min(end, extent + 1);
  for (let border = Math.max(0, Math.floor(start) + 1); border < last; border++) borders.push(border);
  borders.push(end);
  const finer = Math.ceil(leastParts / (borders.length - 1));
  return borders.slice(1).flatMap((to, index) => {
    const from = borders[index]!;
    const at = (part: number) => (part === finer ? to : from + ((to - from) * part) / finer);
    return Array.from({ length: finer }, (_, part) => [at(part), at(part + 1)] as const);
  });
}

/** Makes the bounds so large that they hold the moved part. */
function extend(bounds: { -readonly [S in keyof TargetBox]: number }, matrix: Matrix, part: TargetBox): void {
  for (const x of [part.left, part.right]) {
    for (const y of [part.top, part.bottom]) {
      const place = move(matrix, { x, y });
      bounds.left = Math.min(bounds.left, place.x);
      bounds.right = Math.max(bounds.right, place.x);
      bounds.top = Math.min(bounds.top, place.y);
      bounds.bottom = Math.max(bounds.bottom, place.y);
    }
  }
}

function transformedMask(
  mask: SegmentationMask,
  effects: readonly Effect[],
  { maskOutside, maskHidden }: TargetOptions,
): SegmentationMask {
  let { height, width } = mask;
  let pixels = emptyMask(mask.pixels, mask.pixels.length);
  pixels.set(mask.pixels); // not slice(): on a Node Buffer that shares the memory
  for (const effect of effects) {
    if (effect.kind === "move") {
      const from = pixels;
      const sources = sourcePixels(inverse(effect.matrix), { height, width }, effect);
      pixels = emptyMask(mask.pixels, sources.length);
      sources.forEach((source, place) => {
        pixels[place] = source < 0 ? maskOutside : from[source]!;
      });
      ({ height, width } = effect);
    } else if (maskHidden !== null) {
      effect.covered.forEach((covered, place) => {
        if (covered !== 0) pixels[place] = maskHidden;
      });
    }
  }
  return { pixels, height, width };
}

const maskArrays = [Uint8Array, Uint16Array, Int32Array] as const;

function emptyMask(like: MaskPixels, length: number): MaskPixels {
  const MaskArray = maskArrays.find((kind) => like instanceof kind)!;
  return new MaskArray(length);
}

function checkEntries(name: string, list: unknown): void {
  if (!Array.isArray(list) || list.some((entry) => entry === null || typeof entry !== "object")) {
    throw new CutoutError({
      where,
      option: name,
      what: "must be a list of objects",
      got: JSON.stringify(list),
    });
  }
}

function checkMask(
  { pixels, height, width }: SegmentationMask,
  input: Frame,
  { maskOutside, maskHidden }: TargetOptions,
): void {
  if (!maskArrays.some((kind) => pixels instanceof kind)) {
    throw new CutoutError({
      where,
      what: "pixels of a mask must be a Uint8Array, a Uint16Array or an Int32Array",
    });
  }
  if (height !== input.height || width !== input.width || pixels.length !== height * width) {
    throw new CutoutError({
      where,
      what: `a mask must have the image's ${input.height} x ${input.width} pixels`,
      got: `${height} x ${width} with ${pixels.length} numbers`,
    });
  }
  for (const value of [maskOutside, maskHidden ?? 0]) {
    const [stored] = emptyMask(pixels, 1).fill(value);
    if (stored !== value) {
      throw new CutoutError({
        where,
        what: "maskOutside and maskHidden must fit the mask's array",
        got: String(value),
      });
    }
  }
}

function checkBox({ left, top, right, bottom }: TargetBox): void {
  const finite = [left, top, right, bottom].every(Number.isFinite);
  if (!finite || left >= right || top >= bottom) {
    throw new CutoutError({
      where,
      what: "a box must have left < right and top < bottom",
      got: `columns ${left} to ${right}, rows ${top} to ${bottom}`,
    });
  }
}

function checkPoint({ x, y }: KeyPoint): void {
  if (!Number.isFinite(x) || !Number.isFinite(y)) {
    throw new CutoutError({ where, what: "a key point must have finite x and y", got: `(${x}, ${y})` });
  }
}
