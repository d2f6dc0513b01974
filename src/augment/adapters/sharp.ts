// sharp: raw buffers to images and back. The library itself is not imported.
import { CutoutError } from "../../error.ts";
import type { Image } from "../augmentation.ts";
import { checkPixels } from "../image/layout.ts";
import { inLayout } from "./arrays.ts";

/** What `sharp(file).raw().toBuffer({ resolveWithObject: true })` gives. */
export interface SharpRaw {
  readonly data: Uint8Array;
  readonly info: { readonly width: number; readonly height: number; readonly channels: number };
}

/** What sharp takes: `sharp(data, options)`. */
export interface SharpInput {
  readonly data: Uint8Array;
  readonly options: {
    readonly raw: { readonly width: number; readonly height: number; readonly channels: 1 | 2 | 3 | 4 };
  };
}

/**
 * A decoded image. Nothing is copied: the image looks at sharp's buffer. Photos with transparency have four channels;
 * `removeAlpha()` before `raw()` leaves the three that changes of colour need.
 *
 * @example
 * const image = fromSharp(await sharp("cat.jpg").removeAlpha().raw().toBuffer({ resolveWithObject: true }));
 * const { data, options } = toSharp(augment.apply(image, augment.sample(rng, image, 0)));
 * await sharp(data, options).toFile("augmented.png");
 *
 * @throws Error when the buffer does not fit: it holds something else than 8 bits a number
 */
export function fromSharp({ data, info }: SharpRaw): Image<Uint8Array> {
  if (info === undefined) {
    throw new CutoutError({
      where: "fromSharp",
      what: "must be given data and info",
      got: "data alone",
      remedy: "read it with toBuffer({ resolveWithObject: true })",
    });
  }
  const { width, height, channels } = info;
  const image = { pixels: data, height, width, channels, layout: "HWC" } as const;
  checkPixels("fromSharp", data, image, 1);
  return { ...image, pixels: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/**
 * An image for sharp to encode or to work on. Nothing is copied when it lies in the order HWC.
 * @throws Error unless it is bytes, with 1 to 4 channels
 */
export function toSharp(image: Image<Uint8Array>): SharpInput {
  const { pixels, width, height, channels } = inLayout(image, "HWC");
  if (!(pixels instanceof Uint8Array)) {
    throw new CutoutError({
      where: "toSharp",
      option: "pixels",
      what: "must be bytes",
      got: "floats",
      remedy: "multiply by 255 and round first",
    });
  }
  if (!isSharpChannels(channels))
    throw new CutoutError({
      where: "toSharp",
      option: "channels",
      what: "must be from 1 to 4",
      got: String(channels),
    });
  return { data: pixels, options: { raw: { width, height, channels } } };
}

function isSharpChannels(channels: number): channels is 1 | 2 | 3 | 4 {
  return channels >= 1 && channels <= 4;
}
