// Paints what is masked of one image.
import { type Rng, stream } from "../../rng.ts";
import type { Image } from "../augmentation.ts";
import { copyImage, rounding } from "../image/image.ts";
import { imageStrides } from "../image/layout.ts";
import { colourOf, isNoise, type MaskFill, type NoiseFill, valuesOf } from "./fill.ts";
import { between, type Drawing, noiseSource } from "./noise.ts";

const drawing: Drawing = {
  gaussian: (rng, std) => () => std * rng.normal(),
  wholeBytes: false,
};

/**
 * A copy of one image in which the pixels of the mask have the fill's values; bytes are rounded and kept within 0 to
 * 255. Noise is drawn pixel by pixel, row by row, so both layouts get the same.
 * @param mask [height x width], not 0 where to paint
 * @param fill has passed `checkFillChannels`
 * @param seed of the noise
 */
export function paintMask<A extends Image["pixels"]>(
  image: Image<A>,
  mask: Uint8Array,
  fill: MaskFill,
  seed: number,
): Image<A> {
  const result = copyImage(image);
  const { height, width, channels } = image;
  const { row, column, channel } = imageStrides(image);
  const painted = rounding(result.pixels);
  const next = numbersOf(fill, image, stream(seed, "fill"));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (mask[at] === 0) continue;
      const pixel = y * row + x * column;
      for (let c = 0; c < channels; c++) painted[pixel + c * channel] = next(c);
    }
  }
  return result;
}

/** The numbers that a pixel gets, channel by channel. */
function numbersOf(fill: MaskFill, image: Image, rng: Rng): (channel: number) => number {
  const { pixels, channels } = image;
  const isFloat = pixels instanceof Float32Array;
  if (fill === "random" || fill === "randomColour") {
    const draw = isFloat ? () => rng.normal() : () => rng.integer(256);
    return counted(fill === "random" ? "pixel" : "channel", draw, channels);
  }
  if (isNoise(fill)) {
    const draw = noiseSource(fill, channels, !isFloat, rng, drawing);
    const { unit } = fill;
    const next = counted(fill.per, draw, channels);
    return typeof unit === "object" ? (channel) => between(unit, next(channel), channel) : next;
  }
  const values = constantsOf(fill, image, isFloat ? 1 : 255);
  return (channel) => values[channel]!;
}

function constantsOf(
  fill: Exclude<MaskFill, NoiseFill | "random" | "randomColour">,
  image: Image,
  white: number,
): readonly number[] {
  const { channels } = image;
  if (fill === "zero") return valuesOf(0, channels);
  if (fill === "imageMean") return valuesOf(mean(image.pixels), channels);
  if (fill === "channelMean") return channelMeans(image);
  if (typeof fill !== "object" || !("colour" in fill)) return valuesOf(fill, channels);
  return colourOf(fill, channels).map((value) => white * value);
}

function mean(pixels: Image["pixels"]): number {
  let sum = 0;
  for (let index = 0; index < pixels.length; index++) sum += pixels[index]!;
  return sum / pixels.length;
}

function channelMeans({ pixels, channels, height, width, ...layout }: Image): readonly number[] {
  const { column, channel } = imageStrides({ ...layout, channels, height, width });
  const count = height * width;
  return Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let pixel = 0; pixel < count; pixel++) sum += pixels[c * channel + pixel * column]!;
    return sum / count;
  });
}

/** From one draw for each number to as many draws as `per` says; they come channel by channel. */
function counted(
  per: NoiseFill["per"],
  draw: (channel: number) => number,
  channels: number,
): (channel: number) => number {
  if (per === "pixel") return draw;
  if (per === "grey") {
    let drawn = 0;
    return (channel) => {
      if (channel === 0) drawn = draw(0);
      return drawn;
    };
  }
  if (per === "hole") {
    const drawn = draw(0);
    return () => drawn;
  }
  const colour = Array.from({ length: channels }, (_, channel) => draw(channel));
  return (channel) => colour[channel]!;
}
