// The files of a run folder that are only made of others and read by people and other programs: pages, charts, the model.
import { join } from "node:path";
import { replaceFile } from "../durable-file.ts";
import { CutoutError } from "../error.ts";
import { entryAt, readPlainFile } from "./plain-file.ts";

/** What -> the file's name. */
const names = {
  report: "report.html",
  learningCurves: "learning-curves.svg",
  confusion: "confusion.svg",
  augmented: "augmented.png",
  targeted: "targeted.png",
  model: "model.onnx",
} as const;

type Product = keyof typeof names;

function productPath(folder: string, product: Product): string {
  return join(folder, names[product]);
}

/**
 * Writes a product; one of before is replaced as a whole.
 * @returns its path
 */
export function writeProduct(folder: string, product: Product, content: Uint8Array | string): string {
  const path = productPath(folder, product);
  replaceFile(path, [typeof content === "string" ? Buffer.from(content) : content]);
  return path;
}

/** Path of the page on a run; null where there is none. */
export function reportIn(folder: string): string | null {
  const path = productPath(folder, "report");
  return entryAt(path) === null ? null : path;
}

/** The picture of augmented training images (PNG); null, with a sentence in `problems`, when it is not there. */
export function showAugmented(folder: string, problems: string[]): Buffer | null {
  const path = productPath(folder, "augmented");
  try {
    const png = entryAt(path) === null ? null : readPlainFile(path, 2 ** 26);
    if (png !== null && isWhole(png)) return png;
    problems.push(
      `${names.augmented} is ${png === null ? "missing" : "damaged"}: no augmented images can be shown.`,
    );
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    const { what, got } = error;
    problems.push(`${names.augmented} ${what}${got === undefined ? "" : `, got ${got}`}: it is not shown.`);
  }
  return null;
}

/** The picture of targeted Cutout's maps and masks (PNG); null where there is none that is whole. */
export function showTargeted(folder: string): Buffer | null {
  const path = productPath(folder, "targeted");
  try {
    const png = entryAt(path) === null ? null : readPlainFile(path, 2 ** 26);
    return png !== null && isWhole(png) ? png : null;
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    return null;
  }
}

/** Whether there is a picture of augmented images that can be shown. */
export function hasAugmented(folder: string): boolean {
  return showAugmented(folder, []) !== null;
}

const pngStart = Buffer.from("89504e470d0a1a0a", "hex");

/** Whether a PNG ends where it must and the checksum of each of its chunks fits. */
function isWhole(png: Buffer): boolean {
  if (!png.subarray(0, 8).equals(pngStart)) return false;
  for (let at = 8; at + 12 <= png.length; ) {
    const end = at + 12 + png.readUInt32BE(at);
    if (end > png.length || crc32(png.subarray(at + 4, end - 4)) !== png.readUInt32BE(end - 4)) return false;
    if (png.toString("latin1", at + 4, at + 8) === "IEND") return end === png.length;
    at = end;
  }
  return false;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** Node has one from 20.15 on. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
