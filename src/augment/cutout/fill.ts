// Paints holes into the pixels of images.
import { type Rng, stream } from "../../rng.ts";
import { type ImageLayout, imageSize, imageStrides, type PixelArray } from "../layout.ts";
import { checkFill, type Fill, type NoiseFill } from "./fill-options.ts";
import { forEachRun, type Hole } from "./hole.ts";

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
 * @param bytes whether the pixels are bytes
 * @throws Error when the fill does not fit the channels
 */
export function painter(fill: Fill, shape: ImageLayout, bytes: boolean): Painter {
  checkFill(fill, shape.channels);
  const { channels } = shape;
  const paint = constantPainter(shape);
  if (fill === "imageMean" || fill === "channelMean") {
    const values = new Float64Array(channels);
    return (target, offset, holes, source) => {
      if (fill === "imageMean") values.fill(imageMean(source.pixels, source.offset, imageSize(shape)));
      else channelMeans(source, shape, values);
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
    return (target, offset, holes) => {
      for (const hole of holes) {
        const draw = noiseSource(noise, bytes, stream(seedOf(hole), "noise"));
        if (noise.per === "channel" || noise.per === "hole") {
          for (let c = 0; c < channels; c++) {
            values[c] = c > 0 && noise.per === "hole" ? values[0]! : storable(draw(c), bytes);
          }
          paint(target, offset, hole, values);
        } else paintNoise(target, offset, shape, hole, noise.per === "grey", (c) => storable(draw(c), bytes));
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
  if (typeof fill === "number") values.fill(fill);
  else if (Array.isArray(fill)) values.set(fill);
  else if (typeof fill === "object" && "datasetMean" in fill) {
    values.set(fill.datasetMean.map((mean) => (bytes ? 255 * mean : mean)));
  }
  return values.map((value) => storable(value, bytes));
}

/** Bytes are rounded and kept within 0 to 255. */
function storable(value: number, bytes: boolean): number {
  return bytes ? Math.min(255, Math.max(0, Math.round(value))) : value;
}

function seedOf(hole: Hole): number {
  if (hole.seed === undefined) {
    throw new Error("cutout: hole must have a seed for a random fill, got none: draw it with this fill");
  }
  return hole.seed;
}

/** @throws Error when the mean is no number, because a pixel is none */
function imageMean(pixels: PixelArray, offset: number, size: number): number {
  // Eight sums: one alone would wait for each addition to end before the next.
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let s5 = 0;
  let s6 = 0;
  let s7 = 0;
  const end = (offset + size) | 0;
  const whole = (end - (size % 8)) | 0;
  for (let index = offset | 0; index < whole; index = (index + 8) | 0) {
    s0 += pixels[index]!;
    s1 += pixels[index + 1]!;
    s2 += pixels[index + 2]!;
    s3 += pixels[index + 3]!;
    s4 += pixels[index + 4]!;
    s5 += pixels[index + 5]!;
    s6 += pixels[index + 6]!;
    s7 += pixels[index + 7]!;
  }
  for (let index = whole; index < end; index++) s0 += pixels[index]!;
  return finite((s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7))) / size);
}

function channelMeans({ pixels, offset }: Place, shape: ImageLayout, means: Float64Array): void {
  const { channel, column } = imageStrides(shape);
  const plane = shape.height * shape.width;
  for (let c = 0; c < shape.channels; c++) {
    let sum = 0;
    let at = offset + c * channel;
    for (let index = 0; index < plane; index++, at += column) sum += pixels[at]!;
    means[c] = finite(sum / plane);
  }
}

function finite(mean: number): number {
  if (!Number.isFinite(mean)) {
    throw new Error(`cutout: pixels must be finite for a fill with the image's mean, got a mean of ${mean}`);
  }
  return mean;
}

/** From this many numbers on, the engine's own fill is faster than a loop. */
const longRun = 48;

type ConstantPainter = (target: PixelArray, offset: number, hole: Hole, values: Float64Array) => void;

function constantPainter(shape: ImageLayout): ConstantPainter {
  const { row, column, channel } = imageStrides(shape);
  const { channels } = shape;
  if (column === 1) {
    return (target, offset, hole, values) => {
      for (let c = 0; c < channels; c++) {
        paintRuns(target, offset + c * channel, row, 1, hole, values[c]!);
      }
    };
  }
  return (target, offset, hole, values) => {
    let grey = true;
    for (let c = 1; c < channels; c++) grey &&= values[c] === values[0];
    if (grey) {
      paintRuns(target, offset, row, channels, hole, values[0]!);
      return;
    }
    forEachRun(hole, (y, start, end) => {
      const line = offset + y * row;
      const last = line + end * channels;
      for (let at = line + start * channels; at < last; at += channels) {
        for (let c = 0; c < channels; c++) target[at + c] = values[c]!;
      }
    });
  };
}

/** One number into all pixels of a hole, in lines of `row` numbers with `column` numbers a pixel. */
function paintRuns(
  target: PixelArray,
  offset: number,
  row: number,
  column: number,
  { top, bottom, left, right, runs }: Hole,
  value: number,
): void {
  if (runs !== undefined) {
    for (let index = 0; index < runs.length; index += 3) {
      const line = offset + runs[index]! * row;
      paintRun(target, line + runs[index + 1]! * column, line + runs[index + 2]! * column, value);
    }
    return;
  }
  const start = offset + left * column;
  const width = (right - left) * column;
  const end = start + bottom * row;
  for (let line = start + top * row; line < end; line += row) paintRun(target, line, line + width, value);
}

function paintRun(target: PixelArray, start: number, end: number, value: number): void {
  if (end - start >= longRun) target.fill(value, start, end);
  else for (let at = start; at < end; at++) target[at] = value;
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
): void {
  const { row, column, channel } = imageStrides(shape);
  forEachRun(hole, (y, start, end) => {
    for (let x = start; x < end; x++) {
      let at = offset + y * row + x * column;
      let value = 0;
      for (let c = 0; c < shape.channels; c++, at += channel) {
        if (c === 0 || !grey) value = draw(c);
        target[at] = value;
      }
    }
  });
}

function noiseOf(fill: Fill, bytes: boolean): NoiseFill | null {
  if (fill === "random" || fill === "randomColour") {
    const per = fill === "random" ? "pixel" : "channel";
    return bytes ? { uniform: [0, 255], per } : { normal: [0, 1], per };
  }
  return typeof fill === "object" && ("uniform" in fill || "normal" in fill) ? fill : null;
}

/** A function that draws one number for a channel. */
function noiseSource(noise: NoiseFill, bytes: boolean, rng: Rng): (channel: number) => number {
  const unit = noise.unit === "white" && bytes ? 255 : 1;
  if ("normal" in noise) {
    const [mean, std] = noise.normal.map((value) => unit * value) as [number, number];
    const low = unit * (noise.clip?.[0] ?? -Infinity);
    const high = unit * (noise.clip?.[1] ?? Infinity);
    // Marsaglia's polar method gives two numbers at a time, without sines.
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
      return Math.max(low, Math.min(high, value + mean));
    };
  }
  const ends = noise.uniform.map((end) =>
    (typeof end === "number" ? [end] : end).map((value) => unit * value),
  );
  const [low, high] = ends as [number[], number[]];
  const lowest = (channel: number) => low[low.length === 1 ? 0 : channel]!;
  const highest = (channel: number) => high[high.length === 1 ? 0 : channel]!;
  return bytes
    ? (channel) => lowest(channel) + Math.floor(rng.uniform() * (highest(channel) - lowest(channel) + 1))
    : (channel) => lowest(channel) + rng.uniform() * (highest(channel) - lowest(channel));
}
