// Folders of photos: a folder a class, or one flat folder with Kaggle's names (`cat.0.jpg`).
import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type DecodeOptions, decodeImage, decodesAtOnce } from "./image.ts";
import { inOrder } from "./in-order.ts";
import type { BrokenImage, Source, SourceFile, SourceImage } from "./source.ts";

// The formats of the second line cannot be read everywhere: they are listed so that they are reported, not lost.
export const imageName = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|bmp|heic|heif|jp2|jxl)$/i;
const kaggleName = /^(.+)\.\d+\.[^.]+$/;
const splitName = /^(train(ing)?|val(id(ation)?)?|dev|test(ing)?)\d*$/i;

interface Listing {
  readonly images: SourceFile[];
  /** Files that are no images by their name. */
  others: number;
}

/**
 * The images of a folder and their classes, without decoding any. Hidden files are skipped, files that are no
 * images by their name are ignored and counted. Classes are sorted by name, images by their path.
 *
 * @throws Error when the folder is missing or unreadable, has no images, an empty class folder, fewer than two
 *   classes, or two class names that differ in upper and lower case only.
 */
export function folderSource(data: string): Source {
  const path = resolve(data);
  const name = basename(path);
  const entries = visible(path, data);
  const folders: string[] = [];
  const loose: Listing = { images: [], others: 0 };
  for (const entry of entries) {
    if (isFolder(join(path, entry.name))) folders.push(entry.name);
    else add(loose, path, entry.name);
  }

  const classOf = new Map<string, string>();
  let others = loose.others;
  let images: SourceFile[];
  if (folders.length > 0) {
    const listings = new Map(folders.map((folder) => [folder, listBelow(path, folder)]));
    checkClassFolders(data, listings, loose);
    images = [...listings.values()].flatMap((listing) => listing.images);
    for (const image of images) classOf.set(image.name, image.name.slice(0, image.name.indexOf("/")));
    for (const listing of listings.values()) others += listing.others;
  } else {
    images = loose.images;
    for (const image of images) classOf.set(image.name, classInName(data, images, image));
  }
  if (images.length === 0) {
    const found = others === 0 ? "nothing" : `${others} other files`;
    throw new Error(
      `data: ${data} must hold images (.jpg, .png, ...), got ${found}; give a folder of class folders`,
    );
  }
  const classes = [...new Set(classOf.values())].sort(byCode);
  checkClasses(data, classes);
  images.sort((a, b) => byCode(a.name, b.name));
  const labels = new Map(classes.map((className, label) => [className, label]));
  const labelOf = (image: SourceFile) => labels.get(classOf.get(image.name)!)!;

  return {
    name,
    path,
    classes,
    channels: 3,
    total: images.length,
    hasOfficialTest: false,
    files: images,
    task: `decoding ${name}${others > 0 ? ` (${others} other files ignored)` : ""}`,
    images: (options) => decodeAll(path, images, labelOf, options),
  };
}

async function* decodeAll(
  path: string,
  images: readonly SourceFile[],
  labelOf: (image: SourceFile) => number,
  options: DecodeOptions,
): AsyncGenerator<SourceImage | BrokenImage> {
  const decoded = inOrder(images, (image) => decodeImage(join(path, image.name), options), decodesAtOnce);
  let at = 0;
  for await (const result of decoded) {
    const image = images[at++]!;
    const { name } = image;
    if (result.ok) yield { name, label: labelOf(image), pixels: result.pixels, officialTest: false };
    else yield { name, reason: result.reason };
  }
}

/** The order of code units: the same on every machine, whatever its language. */
function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function visible(path: string, shown: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter(
      ({ name }) => !name.startsWith(".") && name !== "__MACOSX",
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Error(`data: ${shown} ${folderTrouble[code] ?? `cannot be read (${code}); check the disk`}`);
  }
}

const folderTrouble: { readonly [code: string]: string } = {
  ENOENT: "does not exist; give the folder that holds the images",
  ENOTDIR: "is not a folder; give the folder that holds the images",
  EACCES: "cannot be read (EACCES); change its permissions",
  EPERM: "cannot be read (EPERM); change its permissions",
};

function isFolder(path: string): boolean {
  return statsOf(path)?.isDirectory() ?? false;
}

/** Null for a link to nothing, which is reported later as an image that cannot be opened. */
function statsOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** Adds one file; pipes and devices are never opened. */
function add(listing: Listing, root: string, name: string): void {
  const stats = statsOf(join(root, name));
  if (!imageName.test(name) || (stats !== null && !stats.isFile())) listing.others++;
  else {
    listing.images.push({
      name,
      size: stats?.size ?? 0,
      mtimeMs: stats?.mtimeMs ?? 0,
      mode: stats?.mode ?? 0,
    });
  }
}

function listBelow(root: string, folder: string): Listing {
  const listing: Listing = { images: [], others: 0 };
  const walk = (relative: string, above: readonly string[]) => {
    const real = realpathSync(join(root, relative));
    if (above.includes(real)) return; // a link to a folder above
    for (const entry of visible(join(root, relative), join(root, relative))) {
      const name = `${relative}/${entry.name}`;
      if (isFolder(join(root, name))) walk(name, [...above, real]);
      else add(listing, root, name);
    }
  };
  walk(folder, []);
  return listing;
}

function classInName(data: string, images: readonly SourceFile[], image: SourceFile): string {
  const className = kaggleName.exec(image.name)?.[1];
  if (className !== undefined) return className;
  throw new Error(
    `data: ${data} has no class folders, so its ${images.length} images must be named CLASS.NUMBER.jpg ` +
      `(cat.0.jpg), got ${image.name}; sort the images into a folder a class`,
  );
}

function checkClassFolders(data: string, listings: ReadonlyMap<string, Listing>, loose: Listing): void {
  const names = [...listings.keys()].sort(byCode);
  const stray = loose.images[0];
  if (stray !== undefined) {
    throw new Error(
      `data: ${data} must hold either class folders or images, got ${names.length} folders (${names[0]}, ...) and ` +
        `${loose.images.length} images beside them (${stray.name}, ...); move the images into class folders`,
    );
  }
  if (names.every((name) => splitName.test(name))) {
    throw new Error(
      `data: the folders of ${data} must be classes, got parts of a split (${names.join(", ")}); ` +
        `give one of them (${join(data, names.find((name) => /^tr/i.test(name)) ?? names[0]!)}), it is split again`,
    );
  }
  const empty = names.filter((name) => listings.get(name)!.images.length === 0);
  if (empty.length === names.length) return; // then there are no images at all, which is another error
  for (const name of empty) {
    throw new Error(
      `data: class folder ${join(data, name)} must hold images, got none (${listings.get(name)!.others} other ` +
        "files); add images or remove the folder",
    );
  }
}

function checkClasses(data: string, classes: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of classes) {
    const key = name.normalize("NFC").toLowerCase();
    const before = seen.get(key);
    if (before !== undefined) {
      throw new Error(
        `data: class names of ${data} must differ, got "${before}" and "${name}"; merge or rename one`,
      );
    }
    seen.set(key, name);
  }
  if (classes.length < 2) {
    throw new Error(
      `data: ${data} must hold at least two classes, got one ("${classes[0]}"); give the folder that holds a ` +
        "folder for each class",
    );
  }
}
