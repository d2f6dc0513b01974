// Paints holes into the pixels of images.
import { CutoutError } from "../../error.ts";
import { stream } from "../../rng.ts";
import { forEachRun, type Hole } from "../cutout/hole.ts";
import { type ImageLayout, imageSize, imageStrides, type PixelArray } from "../image/layout.ts";
import { sumOf } from "../simd/sums.ts";
import { colourOf, type Fill, isNoise, type NoiseFill, valuesOf } from "./fill.ts";
import { between, type Drawing, noiseSource } from "./noise.ts";
import { holePainter } from "./paint-colour.ts";

/** One image in an array of them. */
export interface Place {
  readonly pixels: PixelArray;
  /** Of the image's first number. */
  readonly offset: number;
}

/**
 * Paints the holes of one image, in place.
 * @param target what to paint; holes must have passed `checkHole`
 * @param source the same image as it was before any hole, for means: may be the target when nothing is painted yet
 * @param other gives the image whose pixels show in a hole with this seed, for the fill `otherImage`
 */
export type Painter = (
  target: PixelArray,
  offset: number,
  holes: readonly Hole[],
  source: Place,
  other: (seed: number) => Place,
) => void;

/**
 * Prepares what all images of one shape share.
 * @param fill has passed `checkFillChannels`
 * @param bytes whether the pixels are bytes
 */
export function painter(fill: Fill, shape: ImageLayout, bytes: boolean): Painter {
  const { channels } = shape;
  const paint = holePainter(shape);
  if (fill === "imageMean" || fill === "channelMean") {
    const values = new Float64Array(channels);
    const size = imageSize(shape);
    return (target, offset, holes, source) => {
      if (fill === "channelMean") channelMeans(source, shape, values);
      else {
        const ofImage = mean(source.pixels, source.offset, size);
        for (let c = 0; c < channels; c++) values[c] = ofImage;
      }
      for (let c = 0; c < channels; c++) values[c] = storable(values[c]!, bytes);
      for (let index = 0; index < holes.length; index++) paint(target, offset, holes[index]!, values);
    };
  }
  if (fill === "otherImage") {
    return (target, offset, holes, _, other) => {
      for (const hole of holes) copyHole(target, offset, shape, hole, other(seedOf(hole)));
    };
  }
  const noise = noiseOf(fill, bytes);
  if (noise !== null) {
    const values = new Float64Array(channels);
    const pixel = pixelOf(noise, bytes);
    return (target, offset, holes) => {
      for (const hole of holes) {
        const draw = noiseSource(noise, channels, bytes, stream(seedOf(hole), "noise"), drawing);
        if (noise.per === "channel" || noise.per === "hole") {
          let drawn = 0;
          for (let c = 0; c < channels; c++) {
            if (c === 0 || noise.per === "channel") drawn = draw(c);
            values[c] = pixel(drawn, c);
          }
          paint(target, offset, hole, values);
        } else paintNoise(target, offset, shape, hole, noise.per === "grey", draw, pixel);
      }
    };
  }
  const values = constantsOf(fill as Exclude<Fill, NoiseFill>, channels, bytes);
  return (target, offset, holes) => {
    for (let index = 0; index < holes.length; index++) paint(target, offset, holes[index]!, values);
  };
}

function constantsOf(fill: Exclude<Fill, NoiseFill>, channels: number, bytes: boolean): Float64Array {
  const values = new Float64Array(channels);
  if (typeof fill === "object" && "colour" in fill) {
    values.set(colourOf(fill, channels).map((value) => (bytes ? 255 * value : value)));
  } else if (typeof fill !== "string") values.set(valuesOf(fill, channels));
  return values.map((value) => storable(value, bytes));
}

/** Bytes are rounded and kept within 0 to 255. */
function storable(value: number, bytes: boolean): number {
  return bytes ? Math.min(255, Math.max(0, Math.round(value))) : value;
}

function seedOf(hole: Hole): number {
  if (hole.seed === undefined) {
    throw new CutoutError({
      where: "cutout",
      option: "hole",
      what: "must have a seed for a random fill",
      got: "none",
      remedy: "draw it with this fill",
    });
  }
  return hole.seed;
}

function channelMeans({ pixels, offset }: Place, shape: ImageLayout, means: Float64Array): void {
  const { channel, column } = imageStrides(shape);
  const plane = shape.height * shape.width;
  for (let c = 0; c < shape.channels; c++) {
    const start = offset + c * channel;
    if (column === 1) means[c] = mean(pixels, start, plane);
    else {
      let sum = 0;
      for (let index = 0, at = start; index < plane; index++, at += column) sum += pixels[at]!;
      means[c] = finite(sum / plane);
    }
  }
}

/** @throws Error when the mean is no number, because a pixel is none */
function mean(pixels: PixelArray, offset: number, size: number): number {
  return finite(sumOf(pixels, offset, offset + size) / size);
}

function finite(mean: number): number {
  if (!Number.isFinite(mean)) {
    const what = "must be finite for a fill with the image's mean";
    throw new CutoutError({ where: "cutout", option: "pixels", what, got: `a mean of ${mean}` });
  }
  return mean;
}

function copyHole(target: PixelArray, offset: number, shape: ImageLayout, hole: Hole, from: Place): void {
  const { row, column, channel } = imageStrides(shape);
  const lines = column === 1 ? shape.channels : 1;
  forEachRun(hole, (y, start, end) => {
    for (let c = 0; c < lines; c++) {
      const at = c * channel + y * row + start * column;
      const length = (end - start) * column;
      target.set(from.pixels.subarray(from.offset + at, from.offset + at + length), offset + at);
    }
  });
}

/** Pixel by pixel, row by row, so that both layouts get the same. */
function paintNoise(
  target: PixelArray,
  offset: number,
  shape: ImageLayout,
  hole: Hole,
  grey: boolean,
  draw: (channel: number) => number,
  pixel: (drawn: number, channel: number) => number,
): void {
  const { row, column, channel } = imageStrides(shape);
  forEachRun(hole, (y, start, end) => {
    for (let x = start; x < end; x++) {
      let at = offset + y * row + x * column;
      let drawn = 0;
      for (let c = 0; c < shape.channels; c++, at += channel) {
        if (c === 0 || !grey) drawn = draw(c);
        target[at] = pixel(drawn, c);
      }
    }
  });
}

function noiseOf(fill: Fill, bytes: boolean): NoiseFill | null {
  if (fill === "random" || fill === "randomColour") {
    const per = fill === "random" ? "pixel" : "channel";
    return bytes ? { uniform: [0, 255], per } : { normal: [0, 1], per };
  }
  return isNoise(fill) ? fill : null;
}

/** From what was drawn to the pixel of a channel. */
function pixelOf({ unit }: NoiseFill, bytes: boolean): (drawn: number, channel: number) => number {
  if (typeof unit !== "object") return (drawn) => storable(drawn, bytes);
  return (drawn, c) => storable(between(unit, drawn, c), bytes);
}

const drawing: Drawing = {
  /** Marsaglia's polar method gives two numbers at a time, without sines. */
  gaussian(rng, std) {
    let spare = 0;
    let left = false;
    return () => {
      let value = spare;
      if (!left) {
        let x = 0;
        let y = 0;
        let square = 0;
        do {
          x = 2 * rng.uniform() - 1;
          y = 2 * rng.uniform() - 1;
          square = x * x + y * y;
        } while (square >= 1 || square === 0);
        const scale = std * Math.sqrt((-2 * Math.log(square)) / square);
        value = x * scale;
        spare = y * scale;
      }
      left = !left;
      return value;
    };
  },
  wholeBytes: true,
};
