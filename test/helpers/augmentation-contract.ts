// What every augmentation of one image must hold, whatever it does; and random images to try it on.
import fc from "fast-check";
import { expect } from "vitest";
import type { Augmentation, Image } from "../../src/augment/augmentation.ts";
import { type ImageShape, imageStrides, type PixelArray } from "../../src/augment/image/layout.ts";
import { stream } from "../../src/rng.ts";

export const anyShape: fc.Arbitrary<ImageShape> = fc.record({
  height: fc.integer({ min: 4, max: 14 }),
  width: fc.integer({ min: 4, max: 14 }),
  channels: fc.integer({ min: 1, max: 4 }),
});

/** Floats are standard normal, bytes uniform. */
export function randomImage<A extends PixelArray>(pixels: A, seed: number): A {
  const rng = stream(seed, "image");
  for (let index = 0; index < pixels.length; index++) {
    pixels[index] = pixels instanceof Float32Array ? rng.normal() : rng.integer(256);
  }
  return pixels;
}

/** The same image with its axes in the other order. */
export function relaid<A extends PixelArray>(image: Image<A>, layout: Image["layout"]): Image<A> {
  const result = { ...image, layout, pixels: image.pixels.slice() as A };
  const [from, to] = [imageStrides(image), imageStrides(result)];
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

/**
 * The input is never changed; parameters survive JSON and are drawn the same again; bytes stay bytes, and a Buffer
 * does as well; both layouts give the same image.
 */
export function expectContract(make: (shape: ImageShape) => Augmentation<unknown>): void {
  fc.assert(
    fc.property(anyShape, fc.integer(), fc.boolean(), (shape, seed, bytes) => {
      const augmentation = make(shape);
      const size = shape.height * shape.width * shape.channels;
      const pixels = randomImage(bytes ? new Uint8Array(size) : new Float32Array(size), seed);
      const image: Image = { ...shape, layout: "HWC", pixels };
      const drawn = augmentation.sample(stream(seed, "draw"), shape, 1);
      expect(augmentation.sample(stream(seed, "draw"), shape, 1)).toEqual(drawn);
      const stored = JSON.parse(JSON.stringify(drawn));
      expect(stored).toEqual(drawn);
      const before = pixels.slice();
      const result = augmentation.apply(image, stored);
      expect(pixels).toEqual(before);
      expect(result.pixels).not.toBe(pixels);
      expect(result.pixels.constructor).toBe(pixels.constructor);
      const planes = augmentation.apply(relaid(image, "CHW"), stored);
      expect(relaid(planes, "HWC")).toEqual(result);
      if (bytes) {
        const buffer = augmentation.apply({ ...image, pixels: Buffer.from(pixels) }, stored);
        expect(Array.from(buffer.pixels)).toEqual(Array.from(result.pixels));
      }
    }),
    { numRuns: 60 },
  );
}

/** Mean of `draws` masked shares, in images of this size. */
export function simulatedShare(
  augmentation: Augmentation<unknown> & {
    mask(area: { height: number; width: number }, parameters: never): Uint8Array;
  },
  area: { readonly height: number; readonly width: number },
  draws: number,
  progress = 1,
): number {
  const rng = stream(5, "simulation");
  let masked = 0;
  for (let draw = 0; draw < draws; draw++) {
    const parameters = augmentation.sample(rng, { ...area, channels: 1 }, progress);
    for (const pixel of augmentation.mask(area, parameters as never)) masked += pixel;
  }
  return masked / (draws * area.height * area.width);
}
