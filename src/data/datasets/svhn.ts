// SVHN, cropped digits (Netzer et al. 2011, http://ufldl.stanford.edu/housenumbers/): Matlab files with X and y.
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { listed } from "../formats/byte-file.ts";
import { type MatVariable, matVariables } from "../formats/mat.ts";
import { toNumbers } from "../formats/numpy-type.ts";
import { explained, guardedStream, trouble, type Where } from "../formats/trouble.ts";
import { fromColumns } from "../images/pixel-order.ts";
import type { DatasetKind } from "./kind.ts";
import { mostImages } from "./labels.ts";
import { resized, type Source, type SourceImage } from "./source.ts";

const side = 32;

/** Height and width of the images, pixels. */
export const svhnSize = { height: side, width: side } as const;

const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
const testFile = "test_32x32.mat";
const trainFile = "train_32x32.mat";
const extraFile = "extra_32x32.mat";

/** Which files of SVHN are the data set: `svhn-extra` trains on the extra images too, as most papers do. */
export type SvhnName = "svhn" | "svhn-extra";

export interface FoundSvhn {
  readonly name: SvhnName;
  readonly folder: string;
  /** Files in their order, the test part last. */
  readonly names: readonly string[];
}

/** The files of a folder, or (as `svhn`) the one that is given; null when they are not there. */
export function findSvhn(data: string, name: SvhnName): FoundSvhn | null {
  const has = (file: string) => existsSync(join(data, file));
  if (name === "svhn-extra") {
    const names = [trainFile, extraFile, testFile];
    return names.every(has) ? { name, folder: data, names } : null;
  }
  if (data.toLowerCase().endsWith(".mat") && existsSync(data) && statSync(data).isFile()) {
    return { name, folder: dirname(data), names: [basename(data)] };
  }
  const names = [trainFile, testFile].filter(has);
  return names.length > 0 ? { name, folder: data, names } : null;
}

/** The images and the labels of a file. */
interface Digits {
  readonly name: string;
  readonly images: MatVariable;
  readonly labels: Uint8Array;
}

/**
 * The images of `train_32x32.mat`, with `svhn-extra` those of `extra_32x32.mat`, and those of `test_32x32.mat`, which
 * are the official test part. Label 10 of the files is the digit 0.
 *
 * @throws Error when a file is cut short, damaged, or has no X [32, 32, 3, n] of bytes and y of n labels
 */
export async function svhnSource({ name, folder, names }: FoundSvhn): Promise<Source> {
  const files: Digits[] = [];
  for (const file of names) files.push(await openDigits(join(folder, file), file));
  return {
    name,
    path: names.length === 1 ? join(folder, names[0]!) : folder,
    classes: digits,
    channels: 3,
    total: files.reduce((sum, { labels }) => sum + labels.length, 0),
    parts: names.length > 1 ? ["train", "test"] : [],
    files: listed("svhn", folder, names),
    task: name === "svhn" ? "reading SVHN" : "reading SVHN with its extra images",
    images: (options) =>
      resized(allImages(folder, files, names.length > 1), { ...svhnSize, channels: 3 }, options),
  };
}

async function openDigits(file: string, name: string): Promise<Digits> {
  const where = { reader: "svhn", file };
  const variables = await matVariables(where);
  const images = variables.find(({ name }) => name === "X");
  const labels = variables.find(({ name }) => name === "y");
  const [height, width, channels, count = 0, ...more] = images?.dims ?? [];
  const fits = height === side && width === side && channels === 3 && count > 0 && more.length === 0;
  const bytes = images?.type.kind === "uint" && images.type.bytes === 1;
  if (images === undefined || labels === undefined || !fits || !bytes || count > mostImages) {
    const got = variables.map(({ name, dims }) => `${name} [${dims.join(", ")}]`).slice(0, 5);
    throw trouble(where, "hold X [32, 32, 3, n] of bytes and y [n, 1]", got.join(", ") || "no arrays");
  }
  const numLabels = labels.dims.reduce((product, size) => product * size, 1);
  if (numLabels !== count) throw trouble(where, `hold a label for each of ${count} images`, `${numLabels}`);
  const reader = await labels.open();
  try {
    const stored = await reader.read(labels.dataBytes);
    const values = toNumbers(stored, labels.type);
    const wrong = values.find((value) => !(Number.isInteger(value) && value >= 0 && value <= 10));
    if (wrong !== undefined) throw trouble(where, "hold labels from 1 to 10", String(wrong));
    return { name, images, labels: Uint8Array.from(values, (value) => value % 10) };
  } catch (error) {
    throw explained(where, "a Matlab file", error);
  } finally {
    await reader.close();
  }
}

async function* allImages(
  folder: string,
  files: readonly Digits[],
  split: boolean,
): AsyncGenerator<SourceImage> {
  for (const file of files) {
    const where: Where = { reader: "svhn", file: join(folder, file.name) };
    const part = !split ? null : file.name === testFile ? "test" : "train";
    for await (const { label, pixels, row } of guardedStream(where, "a Matlab file", imagesOf(file))) {
      yield { name: `${file.name}#${row}`, label, pixels, part };
    }
  }
}

async function* imagesOf({ images, labels }: Digits) {
  const shape = { height: side, width: side, channels: 3 };
  const reader = await images.open();
  try {
    for (const [row, label] of labels.entries()) {
      yield { row, label, pixels: fromColumns(await reader.read(3 * side * side), shape) };
    }
  } finally {
    await reader.close();
  }
}

const kindOf = <Name extends SvhnName>(name: Name): DatasetKind<Name> => ({
  name,
  find(data) {
    const found = findSvhn(resolve(data), name);
    return found && { data: resolve(data), size: () => svhnSize, open: () => svhnSource(found) };
  },
});

export const svhn = kindOf("svhn");
export const svhnExtra = kindOf("svhn-extra");
