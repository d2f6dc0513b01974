// Folders of photos: a folder a class, or one flat folder with Kaggle's names (`cat.0.jpg`); or `train`, `test` of these.
import { basename, join, resolve, sep } from "node:path";
import { CutoutError } from "../../error.ts";
import { counted } from "../../text.ts";
import type { Part } from "../dataset.ts";
import { type DecodeOptions, decodeImage, decodesAtOnce } from "../images/image.ts";
import { inOrder } from "../images/in-order.ts";
import {
  add,
  ClassPlaces,
  emptyListing,
  type Listing,
  leadsUp,
  listBelow,
  pathBelow,
  realOf,
  visible,
} from "./folder-listing.ts";
import type { DatasetKind, Purpose } from "./kind.ts";
import { byCode, classOfName, oneSpelling } from "./labels.ts";
import { countOf, type LeftOut, othersInWords, together } from "./left-out.ts";
import { officialSplit, partOfFolder } from "./official-split.ts";
import type { BrokenImage, Source, SourceFile, SourceImage } from "./source.ts";

interface FoundImage {
  readonly file: SourceFile;
  /** Why it cannot be opened, where its name tells already. */
  readonly trouble?: string;
  readonly className: string;
  readonly part: Part | null;
}

/** Images with their classes, from one folder. */
interface Classified {
  readonly images: readonly Omit<FoundImage, "part">[];
  readonly leftOut: readonly LeftOut[];
}

/** The images of one part, or of all. */
interface FoundPart extends Classified {
  readonly folder: string;
  readonly part: Part | null;
}

/** A folder that is a part of a split. */
interface PartFolder {
  readonly folder: string;
  /** As its name says. */
  readonly named: Part;
}

/**
 * The images of a folder and their classes, without decoding any. What is hidden, of photo tools or no image by its
 * name is left out and counted. Classes are sorted by name, images by their path; names that look the same (accents
 * composed or not) are one class.
 *
 * Where all folders are parts of a split (`train`, `test`, and perhaps `val`), each with the same classes, they are the
 * official parts; without `test`, `val` is the test part.
 *
 * @throws Error when the folder is missing or unreadable, has no images, an empty class folder, fewer than two
 *   classes, two class names that differ in upper and lower case only, or parts with different classes.
 */
export function folderSource(data: string, purpose: Purpose = "train"): Source {
  const path = resolve(data);
  const name = basename(path);
  const top = listFolder(path, "", data);
  const folders = partsIn(data, top);
  const split = officialSplit(folders.map(({ named }) => named));
  const contents = folders.map(({ folder, named }) => ({
    folder,
    part: split.partOf(named),
    shown: join(data, folder),
    listed: listFolder(path, folder, join(data, folder)),
  }));
  if (contents.length === 0) contents.push({ folder: "", part: null, shown: data, listed: top });
  const places = new ClassPlaces(
    path,
    contents.flatMap(({ folder, listed }) => listed.folders.map((name) => pathBelow(folder, name))),
  );
  const found = withOneSpelling(
    contents.map(({ folder, part, shown, listed }) => ({
      folder,
      part,
      ...classified(path, folder, shown, listed, places, purpose),
    })),
  );
  const leftOut = together([
    ...(folders.length > 0 ? top.loose.leftOut.list() : []),
    ...found.flatMap((each) => each.leftOut),
  ]);
  const images: FoundImage[] = found.flatMap(({ part, images }) =>
    images.map((image) => ({ ...image, part })),
  );
  if (images.length === 0) throw noImages(data, leftOut);
  if (purpose === "train") checkParts(data, found);
  const classes = [...new Set(images.map(({ className }) => className))].sort(byCode);
  checkClasses(data, classes, images, purpose);
  images.sort((a, b) => byCode(a.file.name, b.file.name));
  const labels = new Map(classes.map((className, label) => [className, label]));
  const others = countOf(leftOut);
  const notes = [
    ...(others > 0 ? [`${others} other files ignored`] : []),
    ...(split.parts.length === 0 ? [] : [partsInWords(found)]),
  ];

  return {
    name,
    path,
    classes,
    channels: 3,
    total: images.length,
    parts: split.parts,
    files: images.map(({ file }) => file),
    leftOut,
    task: `decoding ${name}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`,
    images: (options) => decodeAll(path, images, labels, options),
  };
}

/** Class names that look the same become the same, in all parts. */
function withOneSpelling(found: readonly FoundPart[]): readonly FoundPart[] {
  const spelled = oneSpelling(found.flatMap(({ images }) => images.map(({ className }) => className)));
  return found.map((part) => ({
    ...part,
    images: part.images.map((image) => ({ ...image, className: spelled(image.className) })),
  }));
}

/** What to do is what the files that are there need. */
function noImages(data: string, leftOut: readonly LeftOut[]): CutoutError {
  return new CutoutError({
    where: "data",
    what: `${data} must hold images (.jpg, .png, ...)`,
    got: leftOut.length === 0 ? "nothing" : othersInWords(leftOut),
    remedy: leftOut.find(({ remedy }) => remedy !== undefined)?.remedy ?? "give a folder of class folders",
  });
}

async function* decodeAll(
  path: string,
  images: readonly FoundImage[],
  labels: ReadonlyMap<string, number>,
  options: DecodeOptions,
): AsyncGenerator<SourceImage | BrokenImage> {
  const decoded = inOrder(
    images,
    async ({ file, trouble }) =>
      trouble === undefined
        ? decodeImage(join(path, file.name), options)
        : { ok: false as const, reason: trouble },
    decodesAtOnce,
  );
  let at = 0;
  for await (const result of decoded) {
    const { file, className, part } = images[at++]!;
    const { name } = file;
    if (result.ok) yield { name, label: labels.get(className)!, pixels: result.pixels, part };
    else yield { name, reason: result.reason };
  }
}

/** What lies directly in a folder. */
interface Contents {
  readonly folders: readonly string[];
  readonly loose: Listing;
}

function listFolder(root: string, folder: string, shown: string): Contents {
  const path = join(root, folder);
  const folders: string[] = [];
  const loose = emptyListing();
  for (const entry of visible(path, folder, shown, loose.leftOut)) {
    if (!entry.isFolder) add(loose, root, folder, entry);
    else if (entry.isLink && holds(join(path, entry.name), path)) {
      loose.leftOut.add(leadsUp, `${pathBelow(folder, entry.name)}/`);
    } else folders.push(entry.name);
  }
  return { folders: folders.sort(byCode), loose };
}

/** Whether a link leads to a folder itself, or to one above it. */
function holds(link: string, folder: string): boolean {
  const [real, below] = [realOf(link), realOf(folder)];
  return below === real || below.startsWith(real.endsWith(sep) ? real : real + sep);
}

/** Images below `root/folder`, by class folders or, without any, by their own names. */
function classified(
  root: string,
  folder: string,
  shown: string,
  { folders, loose }: Contents,
  places: ClassPlaces,
  purpose: Purpose,
): Classified {
  const prefix = folder === "" ? "" : `${folder}/`;
  if (folders.length === 0) {
    const images = loose.images.map((image) => ({
      ...image,
      className: classInName(shown, folder, loose.images.length, image.file.name.slice(prefix.length)),
    }));
    return { images, leftOut: loose.leftOut.list() };
  }
  const listings = new Map(folders.map((name) => [name, listBelow(root, prefix + name, places)]));
  checkNoLooseImages(shown, [...listings.keys()].sort(byCode), loose);
  if (purpose === "train") checkClassFolders(shown, listings);
  return {
    images: [...listings].flatMap(([className, listing]) =>
      listing.images.map((image) => ({ ...image, className })),
    ),
    leftOut: [loose, ...listings.values()].flatMap(({ leftOut }) => leftOut.list()),
  };
}

/**
 * The folders that are parts of a split; none where folders are classes.
 * @throws Error when there are parts without one for training or without one for the test, or other folders beside
 */
function partsIn(data: string, { folders, loose }: Contents): readonly PartFolder[] {
  const parts = folders.flatMap((folder): PartFolder[] => {
    const named = partOfFolder(folder);
    return named === null ? [] : [{ folder, named }];
  });
  const train = parts.find(({ named }) => named === "train")?.folder;
  const isSplit = train !== undefined && parts.some(({ named }) => named !== "train");
  const strangers = folders.filter((folder) => partOfFolder(folder) === null);
  if (parts.length === 0 || (!isSplit && strangers.length > 0)) return []; // a class may be called "train"
  if (!isSplit) {
    throw new CutoutError({
      where: "data",
      what: `${data} must hold classes, or a part for training and one for the test (train and test)`,
      got: folders.join(", "),
      remedy: `give ${join(data, train ?? folders[0]!)}, it is divided`,
    });
  }
  if (strangers.length > 0) {
    throw new CutoutError({
      where: "data",
      what: `${data} must hold either classes or parts of a split`,
      got: `${strangers.slice(0, 5).join(", ")} beside ${parts.map(({ folder }) => folder).join(", ")}`,
      remedy: `move the former away, or give ${join(data, train)}, it is divided`,
    });
  }
  checkNoLooseImages(data, folders, loose);
  return parts;
}

/** `test is the test part, val the validation part`, or `test is the test part, train is divided into ...` */
function partsInWords(found: readonly FoundPart[]): string {
  const named = (wanted: Part) => found.filter(({ part }) => part === wanted).map(({ folder }) => folder);
  const is = (folders: readonly string[]) => `${folders.join(" and ")} ${folders.length > 1 ? "are" : "is"}`;
  const validation = named("validation");
  return `${is(named("test"))} the test part, ${
    validation.length > 0
      ? `${is(validation)} the validation part`
      : `${is(named("train"))} divided into training and validation`
  }`;
}

function classInName(data: string, part: string, numImages: number, name: string): string {
  const className = classOfName(name);
  if (className !== undefined) return className;
  throw new CutoutError({
    where: "data",
    what: `${data} has no class folders, so its ${numImages} images must be named CLASS.NUMBER.jpg (cat.0.jpg)`,
    got: name,
    remedy: `sort the images into a folder a class${part === "" ? "" : ", or give the part for training alone, it is divided"}`,
  });
}

function checkClassFolders(data: string, listings: ReadonlyMap<string, Listing>): void {
  const names = [...listings.keys()].sort(byCode);
  const empty = names.filter((name) => listings.get(name)!.images.length === 0);
  if (empty.length === names.length) return; // then there are no images at all, which is another error
  for (const name of empty) {
    const others = listings.get(name)!.leftOut.list();
    throw new CutoutError({
      where: "data",
      what: `class folder ${join(data, name)} must hold images`,
      got: `none (${othersInWords(others)})`,
      remedy: others.find(({ remedy }) => remedy)?.remedy ?? "add images or remove the folder",
    });
  }
}

function checkNoLooseImages(data: string, folders: readonly string[], loose: Listing): void {
  const stray = loose.images[0];
  if (stray === undefined) return;
  throw new CutoutError({
    where: "data",
    what: `${data} must hold either class folders or images`,
    got: `${counted(folders.length, "folder")} (${folders[0]}, ...) and ${counted(loose.images.length, "image")} beside (${basename(stray.file.name)}, ...)`,
    remedy: "move the images into class folders",
  });
}

/** @throws Error when one part has a class that another has not */
function checkParts(data: string, parts: readonly ({ readonly folder: string } & Classified)[]): void {
  const train = parts.find(({ folder }) => partOfFolder(folder) === "train")?.folder ?? "";
  const classesOf = parts.map(({ images }) => new Set(images.map(({ className }) => className)));
  for (const [here, classes] of classesOf.entries()) {
    for (const [there, others] of classesOf.entries()) {
      const lost = [...others].filter((name) => !classes.has(name));
      if (lost.length === 0) continue;
      const [without, having] = [parts[here]!.folder, parts[there]!.folder];
      const more = lost.length > 1 ? ` and ${lost.length - 1} more` : "";
      const got = classes.size === 0 ? `no images in ${without}` : `"${lost[0]}"${more} in ${having} alone`;
      throw new CutoutError({
        where: "data",
        what: `the parts of ${data} must have the same classes`,
        got: `${got} (missing in ${without})`,
        remedy: `name and fill the class folders alike, or give ${join(data, train)} alone, it is divided`,
      });
    }
  }
}

function checkClasses(
  data: string,
  classes: readonly string[],
  images: readonly FoundImage[],
  purpose: Purpose,
): void {
  const seen = new Map<string, string>();
  for (const name of classes) {
    const key = name.toLowerCase();
    const before = seen.get(key);
    if (before !== undefined) {
      throw new CutoutError({
        where: "data",
        what: `class names of ${data} must differ`,
        got: `"${before}" and "${name}"`,
        remedy: "merge or rename one",
      });
    }
    seen.set(key, name);
  }
  if (classes.length < 2 && purpose === "train") {
    const inner = folderOfClasses(images.map(({ file }) => file.name));
    const advice =
      inner === null ? "give the folder that holds a folder for each class" : `give ${join(data, inner)}`;
    throw new CutoutError({
      where: "data",
      what: `${data} must hold at least two classes`,
      got: `one ("${classes[0]}")`,
      remedy: advice,
    });
  }
}

/** The folder further down that holds all images (paths with `/`) and looks like classes; null when none does. */
function folderOfClasses(images: readonly string[]): string | null {
  const paths = images.map((image) => image.split("/"));
  const first = paths[0]!;
  let depth = 0;
  while (paths.every((path) => depth < path.length - 1 && path[depth] === first[depth])) depth++;
  if (depth === 0) return null;
  const classes = paths.map((path) => (depth < path.length - 1 ? path[depth] : classOfName(path[depth]!)));
  const found = new Set(classes);
  return found.size > 1 && !found.has(undefined) ? first.slice(0, depth).join("/") : null;
}

/** The one class of images that have none. */
const noClass = "images";

/**
 * The images of a folder for learning without labels: with their classes where a training would find some, else all that
 * lie below it as one class.
 * @throws Error when the folder is missing or unreadable, or has no images
 */
function anyImages(data: string): Source {
  try {
    return folderSource(data);
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    return unclassifiedSource(data);
  }
}

function unclassifiedSource(data: string): Source {
  const path = resolve(data);
  const name = basename(path);
  // Tells what is wrong with the folder itself by the name that was given.
  listFolder(path, "", data);
  const { images, leftOut } = listBelow(path, "", new ClassPlaces(path, []));
  if (images.length === 0) throw noImages(data, leftOut.list());
  const found = images
    .map((image) => ({ ...image, className: noClass, part: null }))
    .sort((a, b) => byCode(a.file.name, b.file.name));
  const others = countOf(leftOut.list());
  return {
    name,
    path,
    classes: [noClass],
    channels: 3,
    total: found.length,
    parts: [],
    files: found.map(({ file }) => file),
    leftOut: leftOut.list(),
    task: `decoding ${name}${others > 0 ? ` (${others} other files ignored)` : ""}`,
    images: (options) => decodeAll(path, found, new Map([[noClass, 0]]), options),
  };
}

/** Takes everything: what is wrong with it is told when it is opened. */
export const folder: DatasetKind<"folder"> = {
  name: "folder",
  find: (data) => ({
    data: resolve(data),
    size: () => null,
    open: (_, purpose) => (purpose === "pretrain" ? anyImages(data) : folderSource(data, purpose)),
  }),
};
