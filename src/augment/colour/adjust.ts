// Changes of colour, each with a known factor: brightness, contrast, saturation, hue, grey.
import type { Image } from "../augmentation.ts";
import { copyImage, emptyImage, rounding, whiteOf } from "../image/image.ts";
import { imageStrides, type PixelArray } from "../image/layout.ts";

// Pixel number i (row by row) begins at i * step in both layouts: rows follow each other without a gap.

/** Every number times `factor`: 0 is black, 1 the image itself. */
export function adjustBrightness<A extends PixelArray>(image: Image<A>, factor: number): Image<A> {
  return blended(image, factor, () => 0);
}

/** Away from the mean grey of the whole image (or towards it): 0 is that grey, 1 the image itself. */
export function adjustContrast<A extends PixelArray>(image: Image<A>, factor: number): Image<A> {
  const grey = greyOf(image);
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  return blended(image, factor, () => mean);
}

/** Away from each pixel's grey (or towards it): 0 is greyscale, 1 the image itself. A grey image stays as it is. */
export function adjustSaturation<A extends PixelArray>(image: Image<A>, factor: number): Image<A> {
  if (image.channels === 1) return copyImage(image);
  const grey = greyOf(image);
  return blended(image, factor, (pixel) => grey[pixel]!);
}

/** The image in grey, with as many channels as before. */
export function greyscaled<A extends PixelArray>(image: Image<A>): Image<A> {
  return adjustSaturation(image, 0);
}

/**
 * Turns the hue of each pixel: 0.5 is half around the circle of colours. A grey image stays as it is.
 * @param shift -0.5 to 0.5
 */
export function adjustHue<A extends PixelArray>(image: Image<A>, shift: number): Image<A> {
  const result = copyImage(image);
  if (image.channels === 1) return result;
  const { column: step, channel } = imageStrides(image);
  const source = image.pixels;
  const target = rounding(result.pixels);
  const count = image.height * image.width;
  for (let pixel = 0; pixel < count; pixel++) {
    const red = pixel * step;
    const green = red + channel;
    const blue = green + channel;
    const [r, g, b] = [source[red]!, source[green]!, source[blue]!];
    const value = Math.max(r, g, b);
    const chroma = value - Math.min(r, g, b);
    if (chroma === 0) continue; // grey has no hue
    const hue = (hueOf(r, g, b, value, chroma) / 6 + shift + 1) % 1;
    target[red] = channelOf(5, hue, value, chroma);
    target[green] = channelOf(3, hue, value, chroma);
    target[blue] = channelOf(1, hue, value, chroma);
  }
  return result;
}

/** Brightness as the eye weighs the colours (ITU-R BT.601), for each pixel. */
function greyOf(image: Image): Float64Array {
  const { column: step, channel } = imageStrides(image);
  const { pixels } = image;
  return Float64Array.from({ length: image.height * image.width }, (_, pixel) => {
    const at = pixel * step;
    if (image.channels === 1) return pixels[at]!;
    return 0.2989 * pixels[at]! + 0.587 * pixels[at + channel]! + 0.114 * pixels[at + 2 * channel]!;
  });
}

/** factor * image + (1 - factor) * other, clipped to black and white; bytes are rounded. */
export function blended<A extends PixelArray>(
  image: Image<A>,
  factor: number,
  other: (pixel: number, channel: number) => number,
): Image<A> {
  const result = emptyImage(image);
  const { column: step, channel } = imageStrides(image);
  const target = rounding(result.pixels);
  const white = whiteOf(image.pixels);
  const count = image.height * image.width;
  for (let c = 0; c < image.channels; c++) {
    for (let pixel = 0; pixel < count; pixel++) {
      const at = pixel * step + c * channel;
      const value = factor * image.pixels[at]! + (1 - factor) * other(pixel, c);
      target[at] = Math.min(white, Math.max(0, value));
    }
  }
  return result;
}

/** Place on the circle of colours, 0 to 6 (may be below 0): red 0, green 2, blue 4. */
function hueOf(r: number, g: number, b: number, value: number, chroma: number): number {
  if (value === r) return (g - b) / chroma;
  return value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
}

/** Red (offset 5), green (3) or blue (1) of a hue from 0 to 1. */
function channelOf(offset: number, hue: number, value: number, chroma: number): number {
  const place = (offset + 6 * hue) % 6;
  return value - chroma * Math.max(0, Math.min(place, 4 - place, 1));
}
