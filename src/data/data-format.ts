// Names of the formats that data can be in, and of the columns in tables: what settings and flags speak of.
import type { Columns } from "./datasets/source.ts";

/** How data are kept. Of several that would do, the first is taken. */
export const dataFormats = [
  "fashion-mnist",
  "cifar10",
  "cifar100",
  "cifar100-coarse",
  "stl10",
  "svhn-extra",
  "svhn",
  "idx",
  "npz",
  "parquet",
  "webdataset",
  "csv",
  "folder",
] as const;

export type DataFormat = (typeof dataFormats)[number];

/** `image,label` as two names; null when it is anything else. */
export function parseColumns(text: string): Columns | null {
  const [image = "", label = "", ...more] = text.split(",").map((name) => name.trim());
  return image === "" || label === "" || more.length > 0 || image === label ? null : { image, label };
}
