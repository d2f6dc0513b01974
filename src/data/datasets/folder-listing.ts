// Lists the images of folders, without opening any, and counts what else there is.
import {
  type Dirent,
  existsSync,
  opendirSync,
  readdirSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CutoutError, refusalText, telling } from "../../error.ts";
import { missingDataRemedy } from "../download/catalog.ts";
import { addOther, hiddenAs, type LeftOut, LeftOutCount } from "./left-out.ts";
import type { SourceFile } from "./source.ts";

// Not all of these formats can be read everywhere: they are listed so that they are reported, not lost.
export const imageName = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|bmp|heic|heif|jp2|jxl)$/i;

export interface ListedImage {
  readonly file: SourceFile;
  /** Why it cannot be opened, where its name tells already. */
  readonly trouble?: string;
}

export interface Listing {
  readonly images: ListedImage[];
  /** What is no image by its name, or not to be followed. */
  readonly leftOut: LeftOutCount;
}

export const emptyListing = (): Listing => ({ images: [], leftOut: new LeftOutCount() });

/** What lies in a folder. */
export interface Entry {
  /** Bytes that are no UTF-8 are written as `\xE9`. */
  readonly name: string;
  readonly utf8: boolean;
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

/**
 * Entries of a folder that people have put there; those of photo tools and systems, and hidden ones, are counted.
 * @param below the folder as its images are named, from the data folder on
 * @throws Error, which calls the folder `shown`, when it cannot be read, or a folder in it has no name in UTF-8
 */
export function visible(path: string, below: string, shown: string, leftOut: LeftOutCount): Entry[] {
  const entries = entriesOf(path, below, shown, leftOut);
  const nameless = entries.find(({ isFolder, utf8 }) => isFolder && !utf8);
  if (nameless === undefined) return entries;
  throw new CutoutError({
    where: "data",
    what: `the folders in ${shown} must have names in UTF-8`,
    got: `"${nameless.name}"`,
    remedy: "rename it, or convert all names with: convmv -r -f latin1 -t utf8 --notest FOLDER",
  });
}

/** The same, without a word about names: for a first look at what there is. */
export function glance(path: string): Entry[] {
  return entriesOf(path, "", path, new LeftOutCount());
}

function entriesOf(path: string, below: string, shown: string, leftOut: LeftOutCount): Entry[] {
  let found: Dirent<Buffer>[];
  try {
    found = readdirSync(path, { withFileTypes: true, encoding: "buffer" });
  } catch (error) {
    throw new CutoutError({ where: "data", ...folderTrouble(shown, error) }, { cause: error });
  }
  return found.flatMap((dirent): Entry[] => {
    const text = dirent.name.toString("utf8");
    const utf8 = Buffer.from(text).equals(dirent.name);
    const name = utf8 ? text : escaped(dirent.name);
    const isLink = dirent.isSymbolicLink();
    const isFolder =
      dirent.isDirectory() || ((isLink || isUnknown(dirent)) && statsIsFolder(join(path, text)));
    const hidden = hiddenAs(name, isFolder);
    if (hidden !== null) {
      if (hidden !== "ours") leftOut.add(hidden, pathBelow(below, name) + (isFolder ? "/" : ""));
      return [];
    }
    if (isFolder && holdsRuns(join(path, text))) {
      leftOut.add("folders of runs", `${pathBelow(below, name)}/`);
      return [];
    }
    return [{ name, utf8, isFolder, isLink }];
  });
}

/** Each run folder has the one from its beginning on, each study folder the other; a config.json may be anybody's. */
const records = ["environment.json", "study.json"];
const isRun = (path: string) => records.some((record) => existsSync(join(path, record)));

/** Whether a folder is what a training or a study writes, or holds nothing else: its pictures are nobody's photos. */
function holdsRuns(path: string): boolean {
  if (isRun(path)) return true;
  let runs = 0;
  try {
    const inside = opendirSync(path);
    try {
      // A class folder is left at its first image.
      for (let entry = inside.readSync(); entry !== null; entry = inside.readSync()) {
        if (entry.isDirectory() ? !isRun(join(path, entry.name)) : imageName.test(entry.name)) return false;
        if (entry.isDirectory()) runs++;
      }
    } finally {
      inside.closeSync();
    }
  } catch {
    return false; // it cannot be read, which is told where it is
  }
  return runs > 0;
}

export const pathBelow = (folder: string, name: string) => (folder === "" ? name : `${folder}/${name}`);

function escaped(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(/[\x80-\xFF]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Some file systems do not tell the type with the name. */
const isUnknown = (entry: Dirent<Buffer>) =>
  !(entry.isFile() || entry.isDirectory() || entry.isFIFO() || entry.isSocket()) &&
  !(entry.isCharacterDevice() || entry.isBlockDevice());

function folderTrouble(shown: string, error: unknown): { readonly what: string; readonly remedy?: string } {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return { what: `${shown} does not exist`, remedy: missingDataRemedy(shown) };
  if (code === "ENOTDIR") {
    return { what: `${shown} is not a folder`, remedy: "give the folder that holds the images" };
  }
  return { what: `${shown} cannot be read, ${refusalText(error)}` };
}

function statsIsFolder(path: string): boolean {
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
export function add(listing: Listing, root: string, below: string, { name: own, utf8 }: Entry): void {
  const name = pathBelow(below, own);
  const path = join(root, name);
  if (!utf8) {
    const trouble = "its name is not UTF-8: rename the file";
    const file = { name, size: 0, mtimeMs: 0, mode: 0 };
    if (imageName.test(name)) listing.images.push({ file, trouble });
    else listing.leftOut.add("names that are not UTF-8", name);
    return;
  }
  const stats = statsOf(path);
  if (stats !== null && !stats.isFile()) listing.leftOut.add("pipes or devices", name);
  else if (!imageName.test(name)) addOther(listing.leftOut, name, path);
  else {
    const { size, mtimeMs, mode } = stats ?? { size: 0, mtimeMs: 0, mode: 0 };
    listing.images.push({ file: { name, size, mtimeMs, mode } });
  }
}

/** @throws CutoutError when a folder above it cannot be looked into */
export const realOf = (path: string): string => telling(path, () => realpathSync(path));

/** Where links must not lead: to the classes that there are, and to what is above them. */
export class ClassPlaces {
  readonly #classes: ReadonlySet<string>;
  readonly #above = new Set<string>();

  /** @param root the folder of the data @param folders the class folders, from there on */
  constructor(root: string, folders: readonly string[]) {
    this.#classes = new Set(folders.map((folder) => realOf(join(root, folder))));
    for (const start of [realOf(root), ...[...this.#classes].map((folder) => dirname(folder))]) {
      for (const folder of upwards(start)) {
        if (this.#above.has(folder)) break;
        this.#above.add(folder);
      }
    }
  }

  /** What is wrong with following a link to this (real) folder; null when nothing is. */
  trouble(real: string): string | null {
    if (this.#above.has(real)) return leadsUp;
    for (const folder of upwards(real)) if (this.#classes.has(folder)) return "links into the classes";
    return null;
  }
}

export const leadsUp = "links that lead back up";

function* upwards(folder: string): Generator<string> {
  let at = folder;
  for (;;) {
    yield at;
    const above = dirname(at);
    if (above === at) return;
    at = above;
  }
}

/** All images below `root/folder`, named from `root` on; links are followed where they lead to something new. */
export function listBelow(root: string, folder: string, places: ClassPlaces): Listing {
  const listing = emptyListing();
  const walk = (relative: string, above: readonly string[]) => {
    const path = join(root, relative);
    const chain = [...above, realOf(path)];
    for (const entry of visible(path, relative, path, listing.leftOut)) {
      const name = pathBelow(relative, entry.name);
      if (!entry.isFolder) add(listing, root, relative, entry);
      else {
        const trouble = entry.isLink ? linkTrouble(realOf(join(root, name)), chain, places) : null;
        if (trouble === null) walk(name, chain);
        else listing.leftOut.add(trouble, `${name}/`);
      }
    }
  };
  walk(folder, []);
  return listing;
}

function linkTrouble(real: string, chain: readonly string[], places: ClassPlaces): string | null {
  return chain.includes(real) ? leadsUp : places.trouble(real);
}

/** Folders in a folder, those of photo tools and hidden ones left out; none where it is no folder. */
export function foldersIn(path: string): string[] {
  try {
    const entries = visible(path, "", path, new LeftOutCount());
    return entries.filter(({ isFolder }) => isFolder).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** What lies beside the folders of a folder and is not read. */
export function leftOutBeside(path: string): LeftOut[] {
  const listing = emptyListing();
  for (const entry of visible(path, "", path, listing.leftOut)) {
    if (!entry.isFolder) add(listing, path, "", entry);
  }
  for (const { file } of listing.images) listing.leftOut.add("images beside the folders", file.name);
  return listing.leftOut.list();
}

/** How many folders down the first image is looked for. */
const deepest = 4;

/** What is below a folder: an image, or else shards of another format, or neither. Stops at the first image. */
export function firstBelow(path: string, depth = deepest): "image" | "shards" | "nothing" {
  let entries: Entry[];
  try {
    entries = glance(path);
  } catch {
    return "nothing";
  }
  if (entries.some(({ name, isFolder }) => !isFolder && imageName.test(name))) return "image";
  let found: "shards" | "nothing" = entries.some(({ name }) => /\.(parquet|tar|tgz)$/i.test(name))
    ? "shards"
    : "nothing";
  for (const { name, isFolder, isLink } of entries) {
    if (!isFolder || isLink || depth <= 1) continue;
    const below = firstBelow(join(path, name), depth - 1);
    if (below === "image") return below;
    if (below === "shards") found = below;
  }
  return found;
}
