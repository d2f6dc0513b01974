// Where images come from, before the cache: one shape for folders, archives and tables.
import type { Part } from "../dataset.ts";
import { type DecodeOptions, decodesAtOnce, resizePixels, type Size } from "../images/image.ts";
import { inOrder } from "../images/in-order.ts";
import type { LeftOut } from "./left-out.ts";

/** A file as it was when it was listed: the cache is re-made when any of this changes. */
export interface SourceFile {
  /** Path below the data folder, with `/`. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  /** Permission bits: an image that could not be read may be readable now. */
  readonly mode: number;
}

export interface SourceImage {
  readonly name: string;
  readonly label: number;
  /** [height, width, channels] of the wanted size. */
  readonly pixels: Uint8Array;
  /** Where the data's own split puts it; null where there is none. */
  readonly part: Part | null;
}

export interface BrokenImage {
  readonly name: string;
  readonly reason: string;
}

export interface Source {
  readonly name: string;
  /** Absolute path of the data: tells caches of different data apart. */
  readonly path: string;
  readonly classes: readonly string[];
  readonly channels: 1 | 3;
  /** Number of images expected, broken ones included. */
  readonly total: number;
  /** Parts of the data's own split, training first; none where there is no such split. */
  readonly parts: readonly Part[];
  readonly files: readonly SourceFile[];
  /** What lies there and is not read; none when left out. */
  readonly leftOut?: readonly LeftOut[];
  /** What else people should know of how the data are read, a line each. */
  readonly notes?: readonly string[];
  /** For the progress line: what happens while `images` is read. */
  readonly task: string;
  /**
   * Streams only, whose classes are known when all images have been read: `classes` is empty, `total` a guess that
   * becomes exact, and the labels of `images` are numbered as they come. This tells, at the end, the classes and the
   * place of each of those numbers among them. Other sources do without.
   */
  settle?(): { readonly classes: readonly string[]; readonly places: readonly number[] };
  /** Every image once, in a fixed order, a few at a time in memory. */
  images(options: DecodeOptions): AsyncIterable<SourceImage | BrokenImage>;
}

/** Brings images of one native size to the wanted size; bit-exact when the two are the same. */
export function resized(
  images: Iterable<SourceImage | BrokenImage> | AsyncIterable<SourceImage | BrokenImage>,
  shape: Size & { readonly channels: 1 | 3 },
  options: DecodeOptions,
): AsyncGenerator<SourceImage | BrokenImage> {
  const resize = async (image: SourceImage | BrokenImage) =>
    "reason" in image ? image : { ...image, pixels: await resizePixels(image.pixels, shape, options) };
  return inOrder(images, resize, decodesAtOnce);
}
