// Images for the tests of augmentations: other orders of the axes, and arbitrary ones.
import fc from "fast-check";
import type { Image } from "../../src/augment/augmentation.ts";
import { emptyImage } from "../../src/augment/image/image.ts";
import { type ImageLayout, imageStrides, type PixelArray } from "../../src/augment/image/layout.ts";

/** The same image with its axes in another order. */
export function toLayout<A extends PixelArray>(image: Image<A>, layout: ImageLayout["layout"]): Image<A> {
  const result = { ...emptyImage(image), layout };
  const from = imageStrides(image);
  const to = imageStrides(result);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      for (let c = 0; c < image.channels; c++) {
        result.pixels[y * to.row + x * to.column + c * to.channel] =
          image.pixels[y * from.row + x * from.column + c * from.channel]!;
      }
    }
  }
  return result;
}

/** The number at row y, column x, channel c; `outside` where there is none. */
export function pixelAt(image: Image, y: number, x: number, c: number, outside: number): number {
  if (y < 0 || y >= image.height || x < 0 || x >= image.width) return outside;
  const { row, column, channel } = imageStrides(image);
  return image.pixels[y * row + x * column + c * channel]!;
}

/** Small images of bytes, or of floats from 0 to 1, in both orders of the axes. */
export function arbitraryImage(
  limits: { readonly side?: number; readonly channels?: readonly number[] } = {},
): fc.Arbitrary<Image> {
  const side = fc.integer({ min: 1, max: limits.side ?? 9 });
  return fc
    .record({
      height: side,
      width: side,
      channels: fc.constantFrom(...(limits.channels ?? [1, 2, 3, 4])),
      layout: fc.constantFrom("HWC", "CHW" as const),
      bytes: fc.boolean(),
    })
    .chain(({ bytes, ...shape }) =>
      fc
        .uint8Array({
          minLength: shape.height * shape.width * shape.channels,
          maxLength: shape.height * shape.width * shape.channels,
        })
        .map((pixels) => ({
          ...shape,
          pixels: bytes ? pixels : Float32Array.from(pixels, (value) => value / 255),
        })),
    ) as fc.Arbitrary<Image>;
}
