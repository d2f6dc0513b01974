// Image files to 8-bit pixels of one size; the only file of this folder that knows the image library.

import { accessSync, constants, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { availableParallelism } from "node:os";
import sharp, { type Metadata, type Sharp } from "sharp";
import { resizeBytes } from "../../augment/image/resize-bytes.ts";
import { toGrey } from "./grey.ts";
import { formatOf } from "./image-format.ts";

/** `cover` scales the shorter side and cuts the centre out; `squash` ignores the aspect ratio. */
export type Fit = "cover" | "squash";

export interface Size {
  readonly height: number;
  readonly width: number;
}

export interface DecodeOptions {
  /** Wanted size in pixels. */
  readonly size: Size;
  readonly fit: Fit;
  /** An image with more pixels (height times width, as stored) is refused before it is decoded. */
  readonly maxPixels: number;
}

/** Pixels [height, width, channels], red-green-blue order; or a short reason, for people, why there are none. */
export type Decoded =
  | { readonly ok: true; readonly pixels: Uint8Array }
  | { readonly ok: false; readonly reason: string };

// One thread an image and several images at once beats several threads an image. No image is decoded twice, so
// the library's cache would only hold memory.
sharp.concurrency(1);
sharp.cache(false);

/** How many images to have under way at once: some are being read, and some decoded, while others wait for their turn. */
export const decodesAtOnce = 4 * Math.min(8, Math.max(2, availableParallelism()));

/** Goes into cache keys: another version may give other pixels. */
export const decoderVersion = `sharp ${sharp.versions.sharp ?? "?"}, libvips ${sharp.versions.vips}, resize 2`;

/**
 * How files of the formats begin, one character a byte. The library would also draw SVG, which is a program more than
 * a picture, whatever the file is called.
 */
const signatures: readonly { readonly at: number; readonly text: string }[] = [
  { at: 0, text: "\xFF\xD8\xFF" }, // JPEG
  { at: 0, text: "\x89PNG" },
  { at: 8, text: "WEBP" },
  { at: 0, text: "GIF8" },
  ...["II*\0", "MM\0*", "II+\0", "MM\0+"].map((text) => ({ at: 0, text })), // TIFF, BigTIFF
  { at: 4, text: "ftyp" }, // AVIF and its kin
];

/**
 * Decodes an image file, or the bytes of one (JPEG, PNG, WebP, GIF, TIFF, AVIF; the first frame of an animation) to 8 bits a channel.
 * The EXIF orientation is applied, transparency is laid on white, CMYK and embedded colour profiles become sRGB,
 * 16 bits are cut to their upper 8. Resizing is bilinear with antialiasing, as Pillow's and torchvision's is. Never
 * throws on a bad file: truncated, empty, too large or unreadable files give a reason.
 *
 * @param channels 3: [height, width, 3]; 1: [height, width, 1], luma as in `toGrey`
 */
export async function decodeImage(
  file: string | Uint8Array,
  options: DecodeOptions,
  channels: 1 | 3 = 3,
): Promise<Decoded> {
  const { size, maxPixels } = options;
  let start: Uint8Array = new Uint8Array();
  try {
    const bytes = typeof file === "string" ? await readImageFile(file) : file;
    start = bytes.subarray(0, startBytes);
    if (!hasSignature(start)) throw new Error("unsupported image format");
    const input = bytes.length > startBytes ? bytes : file; // not more than its start: it is large, or tiny
    // failOn "error" refuses truncated and undecodable data, but not harmless warnings (stray bytes, odd profiles).
    const image = sharp(input, { failOn: "error", limitInputPixels: maxPixels, autoOrient: true });
    const trouble = isTiff(start) ? depthTrouble(await image.metadata()) : null;
    if (trouble !== null) return { ok: false, reason: trouble };
    const { data, info } = await shrunk(image.flatten({ background: "#ffffff" }), size)
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) {
      return { ok: false, reason: `decoded to ${info.channels} channels instead of 3` };
    }
    const pixels = fitted(bytesOf(data), { height: info.height, width: info.width, channels: 3 }, options);
    return { ok: true, pixels: channels === 1 ? toGrey(pixels) : pixels };
  } catch (error) {
    return { ok: false, reason: reasonFor(file, start, options, error) };
  }
}

/** Height and width as stored, pixels; null when the bytes are no image in a known format. Decodes nothing. */
export async function sizeOfImage(bytes: Uint8Array): Promise<Size | null> {
  if (!hasSignature(bytes)) return null;
  try {
    const { height, width } = await sharp(bytes).metadata();
    return { height, width };
  } catch {
    return null;
  }
}

const isTiff = (start: Uint8Array) => formatOf(start) === "TIFF";

/** Other numbers than 8 or 16 bits without a sign have no white of their own: cut to 8 bits they become black or white. */
function depthTrouble({ depth, space }: Metadata): string | null {
  if (depth === "uchar" || depth === "ushort" || space === "lab" || space === "labs") return null;
  const kind = depthNames[depth] ?? depth;
  return `pixels of ${kind} cannot be brought to 8 bits, as their black and white are not known; convert it to 8 or 16 bits`;
}

const depthNames: { readonly [depth: string]: string } = {
  float: "32-bit floating point",
  uint: "32 bits",
  int: "32 bits with a sign",
  short: "16 bits with a sign",
  char: "8 bits with a sign",
};

function hasSignature(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  return signatures.some(({ at, text }) => head.startsWith(text, at));
}

/** Enough to tell the format of an image. */
const startBytes = 64;

/** Larger files are left to the library to read, bit by bit. */
const wholeBytes = 8 * 2 ** 20;

/**
 * A file whole: the library, which takes bytes faster than names, need not open it a second time. Only the first bytes
 * of a very large one; none of what is no regular file.
 */
async function readImageFile(file: string): Promise<Uint8Array> {
  // To open a pipe would otherwise wait until somebody writes.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size === 0) return new Uint8Array(0);
    if (stats.size <= wholeBytes) return await handle.readFile();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(startBytes), 0, startBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/**
 * Resizes raw 8-bit pixels [height, width, channels] in the same way as {@link decodeImage}; pixels that have the
 * wanted size already are returned as they are.
 */
export async function resizePixels(
  pixels: Uint8Array,
  shape: Size & { readonly channels: 1 | 3 },
  options: Pick<DecodeOptions, "size" | "fit">,
): Promise<Uint8Array> {
  const { height, width, channels } = shape;
  if (height === options.size.height && width === options.size.width) return pixels;
  if (!isMuchLarger(shape, options.size)) return fitted(pixels, shape, options);
  const { data, info } = await shrunk(sharp(pixels, { raw: { height, width, channels } }), options.size)
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return fitted(bytesOf(data), { height: info.height, width: info.width, channels }, options);
}

/**
 * The library shrinks what is more than twice as high and as wide: a JPEG's detail that is not needed it does not even
 * decode. What is left is done here: for small photos the library's own resizing takes longer than their decoding.
 */
const muchLarger = 2;

function isMuchLarger({ height, width }: Size, wanted: Size): boolean {
  return height > muchLarger * wanted.height && width > muchLarger * wanted.width;
}

function shrunk(image: Sharp, { height, width }: Size): Sharp {
  return image.resize(muchLarger * width, muchLarger * height, {
    fit: "outside",
    withoutEnlargement: true,
    kernel: "linear",
  });
}

function bytesOf({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function fitted(
  pixels: Uint8Array,
  shape: Size & { readonly channels: 1 | 3 },
  { size, fit }: Pick<DecodeOptions, "size" | "fit">,
): Uint8Array {
  const { height, width } = shape;
  if (height === size.height && width === size.width) return pixels;
  if (fit === "squash") return resizeBytes(pixels, shape, { top: 0, left: 0, height, width }, size);
  const scale = Math.min(height / size.height, width / size.width);
  const part = { height: size.height * scale, width: size.width * scale };
  const centre = { top: (height - part.height) / 2, left: (width - part.width) / 2, ...part };
  return resizeBytes(pixels, shape, centre, size);
}

/** A small picture of raw 8-bit pixels [height, width, channels], for people to look at. */
export async function encodeWebp(
  pixels: Uint8Array,
  shape: Size & { readonly channels: 1 | 3 },
): Promise<Uint8Array> {
  const raw = { width: shape.width, height: shape.height, channels: shape.channels };
  return sharp(pixels, { raw }).webp({ quality: 85 }).toBuffer();
}

/** What the image library says -> what a person can act on; the first that matches. */
const reasons: readonly (readonly [RegExp, (options: DecodeOptions) => string])[] = [
  [
    /pixel limit/i,
    ({ maxPixels }) =>
      `more than ${maxPixels} pixels; raise maxPixels (--max-pixels) if it is no decompression bomb`,
  ],
  [/unsupported image format/i, () => "no image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF)"],
  [
    /premature|read error|end of (GIF|file)|unexpected end|bad seek|outside of file/i,
    () => "truncated or damaged",
  ],
  // The library keeps its words in one place for all threads: of several files at once some get none.
  [/^unknown error/i, () => "truncated or damaged"],
  [/corrupt header/i, () => "truncated or damaged (corrupt header)"],
];

function reasonFor(
  file: string | Uint8Array,
  start: Uint8Array,
  options: DecodeOptions,
  error: unknown,
): string {
  try {
    if (typeof file === "string") accessSync(file, constants.R_OK);
    if ((typeof file === "string" ? statSync(file).size : file.length) === 0) return "empty file (0 bytes)";
  } catch (failure) {
    return `cannot be opened (${(failure as NodeJS.ErrnoException).code})`;
  }
  // Asked first: the library's words for it depend on what it has met before.
  if (isHeic(Buffer.from(start))) return "HEIC photos are not read here; convert them to JPEG";
  const message = error instanceof Error ? error.message : String(error);
  for (const [pattern, reason] of reasons) if (pattern.test(message)) return reason(options);
  return (message.split("\n")[0] ?? "")
    .replaceAll(typeof file === "string" ? file : "\0", "file")
    .slice(0, 120);
}

/** Whether a file says in its first box (ISO 14496-12, `ftyp`) that it holds HEVC pictures, as phones store photos. */
function isHeic(start: Buffer): boolean {
  if (start.length < 12 || start.toString("latin1", 4, 8) !== "ftyp") return false;
  const brands = start.toString("latin1", 8, Math.min(start.length, start.readUInt32BE(0)));
  return /hei[cxms]|hev[cxms]/.test(brands) && !brands.includes("avif");
}
