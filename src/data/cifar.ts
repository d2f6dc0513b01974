// CIFAR-10 in its official binary form (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html).
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { resized, type Source, type SourceImage } from "./source.ts";

const trainFiles = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);
const testFile = "test_batch.bin";
const metaFile = "batches.meta.txt";
const side = 32;
const plane = side * side;
/** One label byte, then the red, the green and the blue plane. */
const recordBytes = 1 + 3 * plane;

/** Height and width of the images, pixels. */
export const cifarSize = { height: side, width: side } as const;

/**
 * The folder that holds the binary files: `data` itself, or the folder `cifar-10-batches-bin` of the official
 * archive in it; null when the files are not there.
 *
 * @throws Error when only the Python or Matlab version is there
 */
export function findCifar(data: string): string | null {
  const nested = join(data, "cifar-10-batches-bin");
  for (const folder of [data, nested]) {
    if ([...trainFiles, testFile].some((name) => existsSync(join(folder, name)))) return folder;
  }
  if (["data_batch_1", "data_batch_1.mat"].some((name) => existsSync(join(data, name)))) {
    throw new Error(
      `cifar: ${data} must hold the binary version (data_batch_1.bin, ...), got the Python or Matlab version; ` +
        "download cifar-10-binary.tar.gz",
    );
  }
  return null;
}

/**
 * The 60,000 images, training files first; those of `test_batch.bin` are the official test part.
 *
 * @param imagesPerFile 10,000 in the official files
 * @throws Error when a file is missing or has another size, later when a label is outside [0, classes)
 */
export function cifarSource(data: string, imagesPerFile = 10_000): Source {
  const folder = resolve(data);
  const names = [...trainFiles, testFile, metaFile];
  const missing = names.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0) {
    throw new Error(
      `cifar: ${data} must hold all files of CIFAR-10, ${missing.join(", ")} missing; unpack it again`,
    );
  }
  const files = names.map((name) => {
    const { size, mtimeMs, mode } = statSync(join(folder, name));
    return { name, size, mtimeMs, mode };
  });
  for (const { name, size } of files) {
    if (name !== metaFile && size !== imagesPerFile * recordBytes) {
      throw new Error(
        `cifar: ${join(data, name)} must have ${imagesPerFile * recordBytes} bytes (${imagesPerFile} images), ` +
          `got ${size}; download and unpack it again`,
      );
    }
  }
  const classes = readFileSync(join(folder, metaFile), "utf8")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (classes.length !== 10 || new Set(classes).size !== 10) {
    throw new Error(`cifar: ${join(data, metaFile)} must name 10 classes, got ${new Set(classes).size}`);
  }
  return {
    name: "cifar10",
    path: folder,
    classes,
    channels: 3,
    total: (trainFiles.length + 1) * imagesPerFile,
    hasOfficialTest: true,
    files,
    task: "reading CIFAR-10",
    images: (options) => resized(records(folder, classes.length), { ...cifarSize, channels: 3 }, options),
  };
}

function* records(folder: string, numClasses: number): Generator<SourceImage> {
  for (const file of [...trainFiles, testFile]) {
    const bytes = readFileSync(join(folder, file));
    for (let at = 0, row = 0; at + recordBytes <= bytes.length; at += recordBytes, row++) {
      const label = bytes[at]!;
      if (label >= numClasses) {
        throw new Error(
          `cifar: labels must be below ${numClasses}, got ${label} in ${join(folder, file)}, image ${row}; ` +
            "download and unpack it again",
        );
      }
      const pixels = new Uint8Array(3 * plane);
      for (let pixel = 0; pixel < plane; pixel++) {
        for (let channel = 0; channel < 3; channel++) {
          pixels[3 * pixel + channel] = bytes[at + 1 + channel * plane + pixel]!;
        }
      }
      yield { name: `${file}#${row}`, label, pixels, officialTest: file === testFile };
    }
  }
}
