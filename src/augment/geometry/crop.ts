// Crops: random with padding (pad-and-crop), random from a larger image (resize-and-crop), centre, ten.
import { CutoutError } from "../../error.ts";
import type { Rng } from "../../rng.ts";
import {
  checkPixels,
  checkShape,
  emptyLike,
  type ImageLayout,
  type ImageShape,
  imageStrides,
  type PixelArray,
  type PixelsOf,
} from "../image/layout.ts";

/** Size of a crop and how far it may reach over the border. */
export interface CropOptions {
  /** Pixels; at most the image's height. */
  readonly height: number;
  /** Pixels; at most the image's width. */
  readonly width: number;
  /**
   * Pixels on every side that are zero after normalization (the data set's mean colour), >= 0 and smaller than
   * the crop. With the crop as large as the image this is pad-and-crop; with 0 and a larger image, resize-and-crop.
   */
  readonly padding: number;
  /** What lies there: zero, or the image mirrored at its border pixels (PyTorch's "reflect"). Zero when left out. */
  readonly paddingMode?: PaddingMode;
}

export const paddingModes = ["constant", "reflect"] as const;
export type PaddingMode = (typeof paddingModes)[number];

/** Corner of a crop in the unpadded image; negative inside the padding. */
export interface CropPosition {
  readonly top: number;
  readonly left: number;
}

/** @throws Error when the crop is larger than the image, or the padding could hide the image altogether */
export function checkCrop(crop: CropOptions, image: ImageShape): void {
  checkShape("image", image);
  for (const side of ["height", "width"] as const) {
    const extent = crop[side];
    if (!Number.isInteger(extent) || extent < 1 || extent > image[side]) {
      throw new CutoutError({
        where: "crop",
        option: side,
        what: `must be an integer from 1 to the image's ${image[side]}`,
        got: String(extent),
      });
    }
  }
  const { padding } = crop;
  const smaller = Math.min(crop.height, crop.width);
  if (!Number.isInteger(padding) || padding < 0 || padding >= smaller) {
    throw new CutoutError({
      where: "crop",
      option: "padding",
      what: `must be an integer from 0 to ${smaller - 1}`,
      got: String(padding),
    });
  }
}

/** A random corner: every position from -padding to extent + padding - crop is equally likely, both ends too. */
export function sampleCrop(rng: Rng, image: ImageShape, crop: CropOptions): CropPosition {
  checkCrop(crop, image);
  const { height, width, padding } = crop;
  return {
    top: rng.integer(image.height + 2 * padding - height + 1) - padding,
    left: rng.integer(image.width + 2 * padding - width + 1) - padding,
  };
}

/** The crop in the middle; where it cannot be exact it lies half a pixel to the top left. */
export function centerCrop(image: ImageShape, size: { height: number; width: number }): CropPosition {
  checkCrop({ ...size, padding: 0 }, image);
  return {
    top: Math.floor((image.height - size.height) / 2),
    left: Math.floor((image.width - size.width) / 2),
  };
}

/** Top left, top right, bottom left, bottom right, centre. Each is also taken flipped: that makes ten. */
export function fiveCrops(image: ImageShape, size: { height: number; width: number }): CropPosition[] {
  const center = centerCrop(image, size);
  const bottom = image.height - size.height;
  const right = image.width - size.width;
  return [
    { top: 0, left: 0 },
    { top: 0, left: right },
    { top: bottom, left: 0 },
    { top: bottom, left: right },
    center,
  ];
}

/**
 * Bytes of a part of one image, [region.height, region.width, channels]; outside the image it goes on as its mirror
 * image, the border pixels not repeated (`padding_mode="reflect"` of torchvision).
 * @param image bytes [height, width, channels] from `offset` on
 * @param region reaches over the border by less than the image's side
 */
export function reflectedCrop(
  image: Uint8Array,
  offset: number,
  { height, width, channels }: ImageShape,
  region: CropPosition & { readonly height: number; readonly width: number },
  target: Uint8Array,
): void {
  let to = 0;
  for (let y = 0; y < region.height; y++) {
    const row = offset + mirrored(region.top + y, height) * width * channels;
    for (let x = 0; x < region.width; x++) {
      const from = row + mirrored(region.left + x, width) * channels;
      for (let c = 0; c < channels; c++) target[to++] = image[from + c]!;
    }
  }
}

/** The place of a pixel that may lie outside: ... 2 1 | 0 1 2 ... */
function mirrored(at: number, extent: number): number {
  if (at < 0) return -at;
  return at < extent ? at : 2 * (extent - 1) - at;
}

/**
 * Copies a part of one image out; what lies outside the image is zero.
 * @param image height x width x channels numbers; it is not changed
 * @returns region.height x region.width x channels numbers in the same layout
 */
export function cropImage<A extends PixelArray>(
  image: A,
  shape: ImageLayout,
  region: CropPosition & { readonly height: number; readonly width: number },
): PixelsOf<A> {
  checkPixels("crop", image, shape, 1);
  const { channels, layout } = shape;
  const { height, width, top, left } = region;
  const size = { height, width, channels, layout };
  checkShape("crop", size);
  const result = emptyLike(image, height * width * channels);
  const from = imageStrides(shape);
  const to = imageStrides(size);
  for (let y = Math.max(0, -top); y < Math.min(height, shape.height - top); y++) {
    for (let x = Math.max(0, -left); x < Math.min(width, shape.width - left); x++) {
      for (let c = 0; c < channels; c++) {
        result[y * to.row + x * to.column + c * to.channel] =
          image[(top + y) * from.row + (left + x) * from.column + c * from.channel]!;
      }
    }
  }
  return result;
}
