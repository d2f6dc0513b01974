// What a person or a program has of an image (a path, an address, bytes, pixels) as decoded pixels.

import { createReadStream, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  type Decoded,
  type DecodeOptions,
  decodeImage,
  isAddress,
  readAddress,
  resizePixels,
  toGrey,
} from "../data/index.ts";
import { CutoutError } from "../error.ts";

/** 8-bit pixels [height, width, channels], red-green-blue order, as a canvas or a camera gives them. */
export interface RawImage {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 colour, 4 with transparency, which is laid on white; what fits the data when left out. */
  readonly channels?: 1 | 3 | 4 | undefined;
}

/**
 * What is needed of an instance of sharp, of whatever version: its pixels are taken as it would write them, so a photo
 * of a phone wants `.autoOrient()`.
 */
export interface SharpImage {
  clone(): SharpImage;
  flatten(options: { background: string }): SharpImage;
  toColourspace(space: string): SharpImage;
  raw(options: { depth: "uchar" }): SharpImage;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    readonly data: Uint8Array;
    readonly info: { readonly width: number; readonly height: number; readonly channels: number };
  }>;
}

/**
 * An image to classify: the path of a file or a pipe; an address (http, https, file); the bytes of a file (Buffer,
 * Uint8Array, ArrayBuffer, Blob, File); pixels with their shape; an instance of sharp.
 */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Blob | RawImage | SharpImage;

/** Whether something is one image, where a list of them is wanted. */
export function isOneImage(given: unknown): boolean {
  return (
    typeof given === "string" ||
    given instanceof URL ||
    given instanceof Uint8Array ||
    given instanceof ArrayBuffer ||
    given instanceof Blob ||
    isSharp(given) ||
    isRaw(given)
  );
}

/** How an image is called in answers: its path or address as given; null where it has none. */
export function nameOfInput(image: ImageInput): string | null {
  if (typeof image === "string") return image;
  return image instanceof URL ? image.href : null;
}

/** Never throws: what cannot be read gives a reason. */
export async function decodeInput(
  image: ImageInput,
  options: DecodeOptions,
  channels: 1 | 3,
  signal?: AbortSignal,
): Promise<Decoded> {
  try {
    if (isRaw(image)) return { ok: true, pixels: await decodeRaw(image, options, channels) };
    if (isSharp(image)) return { ok: true, pixels: await decodeSharp(image, options, channels) };
    return await decodeImage(await fileOf(image, signal), options, channels);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof CutoutError)) return { ok: false, reason: reasonOf(error) };
    return { ok: false, reason: error.got === undefined ? error.what : `${error.what}, got ${error.got}` };
  }
}

function reasonOf(error: unknown): string {
  const { code, message = String(error) } = error as Partial<NodeJS.ErrnoException>;
  return code === undefined ? (message.split("\n")[0] ?? "").slice(0, 160) : `cannot be opened (${code})`;
}

const refused = (what: string, got?: string) => new CutoutError({ where: "image", what, got });

/** The path of a plain file, or the bytes of what is none. */
async function fileOf(
  image: Exclude<ImageInput, RawImage | SharpImage>,
  signal?: AbortSignal,
): Promise<string | Uint8Array> {
  if (image instanceof Uint8Array) return image;
  if (image instanceof ArrayBuffer) return new Uint8Array(image);
  if (image instanceof Blob) {
    checkSize(image.size);
    return new Uint8Array(await image.arrayBuffer());
  }
  if (image instanceof URL) return addressed(image, signal);
  if (typeof image !== "string") {
    throw refused(
      "must be a path, a URL, bytes, a Blob, { data, width, height } or an instance of sharp",
      kindOf(image),
    );
  }
  return /^[a-z][a-z+.-]+:\/\//i.test(image) && URL.canParse(image)
    ? addressed(new URL(image), signal)
    : opened(image, signal);
}

async function addressed(url: URL, signal?: AbortSignal): Promise<string | Uint8Array> {
  if (url.protocol === "file:") return opened(fileURLToPath(url), signal);
  if (!isAddress(url.href)) throw refused("must be an http, https or file address", url.protocol);
  try {
    return await wholeOf(readAddress({ reader: "image", file: url.href }), signal);
  } catch (error) {
    // Its address is said already.
    throw error instanceof CutoutError && error.got !== undefined
      ? refused(`cannot be fetched (${error.got})`)
      : error;
  }
}

/** What is no image by its kind -> what it is called. */
const strangers: readonly (readonly [is: (stats: Stats) => boolean, what: string])[] = [
  [(stats) => stats.isDirectory(), "a folder"],
  [(stats) => stats.isCharacterDevice() || stats.isBlockDevice(), "a device"],
  [(stats) => stats.isSocket(), "a socket"],
];

/** A plain file is left to the decoder; a pipe is read to its end. */
async function opened(path: string, signal?: AbortSignal): Promise<string | Uint8Array> {
  const stats = await stat(path).catch(() => null); // what is not there, the decoder tells
  if (stats === null || stats.isFile()) return path;
  const stranger = strangers.find(([is]) => is(stats));
  if (stranger !== undefined) throw refused("must be an image", stranger[1]);
  return wholeOf(createReadStream(path, { signal }), signal);
}

/** Longer streams are no image that could be decoded. */
const mostBytes = 2 ** 28;

function checkSize(bytes: number): void {
  if (bytes > mostBytes) throw refused(`must be at most ${mostBytes / 2 ** 20} MiB`, "more");
}

/** The bytes of a stream to its end. @throws CutoutError when they are too many */
export async function wholeOf(stream: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    bytes += chunk.length;
    checkSize(bytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function isRaw(image: unknown): image is RawImage {
  return (
    typeof image === "object" && image !== null && "data" in image && "width" in image && "height" in image
  );
}

function isSharp(image: unknown): image is SharpImage {
  const { clone, flatten, toBuffer } = (image ?? {}) as Partial<SharpImage>;
  return [clone, flatten, toBuffer].every((method) => typeof method === "function");
}

function kindOf(image: unknown): string {
  return image === null ? "null" : Array.isArray(image) ? "a list" : typeof image;
}

function decodeRaw(image: RawImage, options: DecodeOptions, channels: 1 | 3): Promise<Uint8Array> {
  const { data, width, height } = image;
  for (const [name, side] of [
    ["width", width],
    ["height", height],
  ] as const) {
    if (!Number.isInteger(side) || side < 1) throw refused(`${name} must be an integer >= 1`, String(side));
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw refused("data must be a Uint8Array of 8-bit pixels", kindOf(data));
  }
  const of = image.channels ?? data.length / (width * height);
  if ((of !== 1 && of !== 3 && of !== 4) || data.length !== width * height * of) {
    throw refused(
      `data must hold ${width} x ${height} pixels of ${image.channels ?? "1, 3 or 4"} bytes`,
      `${data.length} bytes`,
    );
  }
  if (width * height > options.maxPixels) throw refused(`must be at most ${options.maxPixels} pixels`);
  return fitted(
    new Uint8Array(data.buffer, data.byteOffset, data.length),
    { width, height, channels: of },
    options,
    channels,
  );
}

async function decodeSharp(image: SharpImage, options: DecodeOptions, channels: 1 | 3): Promise<Uint8Array> {
  const { data, info } = await image
    .clone()
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const of = info.channels;
  if (of !== 1 && of !== 3 && of !== 4) throw refused("must have 1, 3 or 4 channels", String(of));
  return fitted(
    new Uint8Array(data),
    { width: info.width, height: info.height, channels: of },
    options,
    channels,
  );
}

/** Of the size and the channels that are wanted. */
async function fitted(
  pixels: Uint8Array,
  {
    width,
    height,
    channels: of,
  }: { readonly width: number; readonly height: number; readonly channels: 1 | 3 | 4 },
  options: DecodeOptions,
  channels: 1 | 3,
): Promise<Uint8Array> {
  const colours = of === 3 ? pixels : of === 1 ? inColour(pixels) : onWhite(pixels);
  const sized = await resizePixels(colours, { height, width, channels: 3 }, options);
  return channels === 1 ? toGrey(sized) : sized;
}

/** Grey as red, green and blue. */
export function inColour(grey: Uint8Array): Uint8Array {
  const colours = new Uint8Array(3 * grey.length);
  for (let at = 0; at < colours.length; at++) colours[at] = grey[Math.floor(at / 3)]!;
  return colours;
}

function onWhite(pixels: Uint8Array): Uint8Array {
  const colours = new Uint8Array((pixels.length / 4) * 3);
  for (let pixel = 0; pixel < pixels.length / 4; pixel++) {
    const alpha = pixels[4 * pixel + 3]! / 255;
    for (let channel = 0; channel < 3; channel++) {
      colours[3 * pixel + channel] = Math.round(255 + alpha * (pixels[4 * pixel + channel]! - 255));
    }
  }
  return colours;
}
