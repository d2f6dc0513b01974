// STL-10, binary version (Coates, Lee and Ng 2011, https://cs.stanford.edu/~acoates/stl10/): the labelled images.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CutoutError } from "../../error.ts";
import { listed, withBytes } from "../formats/byte-file.ts";
import { trouble } from "../formats/trouble.ts";
import { fromColumns } from "../images/pixel-order.ts";
import type { DatasetKind } from "./kind.ts";
import { resized, type Source, type SourceImage } from "./source.ts";

const side = 96;
const imageBytes = 3 * side * side;
const namesFile = "class_names.txt";

/** Height and width of the images, pixels. */
export const stl10Size = { height: side, width: side } as const;

const parts = [
  { images: "train_X.bin", labels: "train_y.bin", part: "train" },
  { images: "test_X.bin", labels: "test_y.bin", part: "test" },
] as const;

/** The folder that holds the files: `data` itself, or `stl10_binary` of the official archive in it; else null. */
export function findStl10(data: string): string | null {
  const has = (folder: string) => parts.some(({ images }) => existsSync(join(folder, images)));
  return [data, join(data, "stl10_binary")].find(has) ?? null;
}

/**
 * The 5,000 training and 8,000 test images; `unlabeled_X.bin` is not used. Labels in the files are 1 to 10.
 *
 * @throws Error when a file is missing, cut short, or holds a label without a class
 */
export function stl10Source(folder: string): Source {
  const names = [...parts.flatMap(({ images, labels }) => [images, labels]), namesFile];
  const missing = names.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0) {
    throw new CutoutError({
      where: "stl10",
      what: `${folder} must hold ${missing.join(", ")}, missing`,
      remedy: "unpack it again",
    });
  }
  const files = listed("stl10", folder, names);
  const sizeOf = (name: string) => files.find((file) => file.name === name)!.size;
  for (const { images, labels } of parts) {
    if (sizeOf(images) !== sizeOf(labels) * imageBytes) {
      const where = { reader: "stl10", file: join(folder, images) };
      const wanted = `${sizeOf(labels) * imageBytes} bytes (${sizeOf(labels)} images, as ${labels} says)`;
      throw trouble(where, `have ${wanted}`, `${sizeOf(images)}`);
    }
  }
  const whereNames = { reader: "stl10", file: join(folder, namesFile) };
  const text = withBytes(whereNames, (file) => file.read(0, Math.min(file.size, 2 ** 16)));
  const classes = Buffer.from(text).toString("utf8").split(/\s+/).filter(Boolean);
  if (classes.length !== 10 || new Set(classes).size !== 10) {
    throw trouble(whereNames, "name 10 classes", String(new Set(classes).size));
  }
  return {
    name: "stl10",
    path: folder,
    classes,
    channels: 3,
    total: parts.reduce((sum, { labels }) => sum + sizeOf(labels), 0),
    parts: ["train", "test"],
    files,
    task: "reading STL-10",
    images: (options) => resized(records(folder), { ...stl10Size, channels: 3 }, options),
  };
}

const rowsAtOnce = 100;

function* records(folder: string): Generator<SourceImage> {
  for (const { images, labels, part } of parts) {
    const where = { reader: "stl10", file: join(folder, images) };
    const whereLabels = { reader: "stl10", file: join(folder, labels) };
    const ofImages = withBytes(whereLabels, (file) => file.read(0, file.size));
    for (let first = 0; first < ofImages.length; first += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, ofImages.length - first);
      const bytes = withBytes(where, (file) => file.read(first * imageBytes, rows * imageBytes));
      for (let row = 0; row < rows; row++) {
        const label = ofImages[first + row]!;
        if (label < 1 || label > 10) {
          throw trouble(whereLabels, "hold labels from 1 to 10", `${label} for image ${first + row}`);
        }
        const columns = bytes.subarray(row * imageBytes, (row + 1) * imageBytes);
        const pixels = fromColumns(columns, { height: side, width: side, channels: 3 });
        yield { name: `${images}#${first + row}`, label: label - 1, pixels, part };
      }
    }
  }
}

export const stl10: DatasetKind<"stl10"> = {
  name: "stl10",
  find(data) {
    const folder = findStl10(resolve(data));
    if (folder === null) return null;
    return { data: resolve(data), size: () => stl10Size, open: () => stl10Source(folder) };
  },
};
