// For tests of everything that reads data sets: all images of a source, and the pattern of the golden files.

import type { BrokenImage, Source, SourceImage } from "../../src/data/datasets/source.ts";
import { type DataOptions, openSource } from "../../src/data/index.ts";

/** Pixels of image `n`, as test/golden/datasets_python.py paints them. */
export function pattern(n: number, height: number, width: number, channels = 3): Uint8Array {
  return Uint8Array.from({ length: height * width * channels }, (_, at) => {
    const pixel = Math.floor(at / channels);
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    return (37 * n + 7 * y + 3 * x + 50 * (at % channels)) % 256;
  });
}

export interface ReadSource {
  readonly source: Source;
  /** With the names of their classes. */
  readonly images: readonly (Omit<SourceImage, "label"> & { readonly className: string })[];
  readonly broken: readonly BrokenImage[];
}

/** Opens data and reads every image, at a size. */
export async function readAll(options: DataOptions, height = 6, width = 5): Promise<ReadSource> {
  return readSource(await openSource(options), height, width);
}

export async function readSource(source: Source, height = 6, width = 5): Promise<ReadSource> {
  const found: SourceImage[] = [];
  const broken: BrokenImage[] = [];
  for await (const image of source.images({ size: { height, width }, fit: "squash", maxPixels: 1e6 })) {
    if ("reason" in image) broken.push(image);
    else found.push(image);
  }
  const settled = source.settle?.();
  const classes = settled?.classes ?? source.classes;
  const images = found.map(({ label, ...image }) => ({
    ...image,
    className: classes[settled?.places[label] ?? label]!,
  }));
  return { source: { ...source, classes }, images, broken };
}
