// Looks at data as a whole: counts, sizes, colours, what is broken, and what is there more than once.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CutoutError } from "../../error.ts";
import { foldersIn, leftOutBeside } from "../datasets/folder-listing.ts";
import { byCode } from "../datasets/labels.ts";
import { type LeftOut, together } from "../datasets/left-out.ts";
import { partOfFolder } from "../datasets/official-split.ts";
import type { BrokenImage, Source, SourceImage } from "../datasets/source.ts";
import { findDuplicates, type Sameness } from "../duplicates/duplicates.ts";
import { sizeOfImage } from "../images/image.ts";
import { formatOf } from "../images/image-format.ts";
import { inOrder } from "../images/in-order.ts";
import type { OnProgress } from "../loading/cache.ts";
import { type DataOptions, describeData, openSource } from "../open.ts";
import { type MissingClass, missingIn, missingInShares, type SplitOptions } from "../split/split.ts";
import { digestOf, type LookedAtFile, type MeasuredChannels, photoSize, Scan, type Sizes } from "./scan.ts";

export interface InspectOptions extends DataOptions {
  /** As for `openDataset`. */
  readonly maxPixels: number;
  /** From which correlation on two images count as the same, above 0 up to 1; see `findDuplicates`. */
  readonly likeness: number;
  /** Shares into which training divides data that come without parts; nothing is said of small classes without them. */
  readonly shares?: Pick<SplitOptions, "validation" | "test">;
}

export interface GroupMember {
  /** Place among all images that could be read. */
  readonly image: number;
  readonly name: string;
  readonly class: string;
  readonly part: string;
}

export interface InspectedGroup {
  readonly sameness: Sameness;
  readonly likeness: number;
  readonly mirrored: boolean;
  readonly members: readonly GroupMember[];
}

/** Images of one part that are in another part as well. */
export interface Leak {
  readonly part: string;
  readonly into: string;
  /** Images of `into` with a duplicate in `part`; of them, with the same pixels. */
  readonly images: number;
  readonly same: number;
  /** All images of `into`. */
  readonly of: number;
}

export interface Inspection {
  readonly data: string;
  /** Images that could be read. */
  readonly images: number;
  readonly classes: readonly string[];
  /** The parts that the data come in; one named `all` where they are not divided. */
  readonly parts: readonly string[];
  /** [part][class] */
  readonly counts: readonly (readonly number[])[];
  readonly broken: readonly BrokenImage[];
  /** What lies beside the images and is not read, counted by ending or reason. */
  readonly leftOut: readonly LeftOut[];
  /** What else people should know of how the data are read, a line each. */
  readonly notes: readonly string[];
  /** Classes that are not in every part, or would not be. */
  readonly missing: readonly MissingClass[];
  /** A few images of each class, far from each other in their order. [class] */
  readonly examples: readonly (readonly string[])[];
  /** Null where the images are no files of their own and of no fixed size. */
  readonly sizes: Sizes | null;
  /** By their content; empty where the images are no files of their own. */
  readonly formats: readonly { readonly format: string; readonly count: number }[];
  /** Files whose ending names another format than they have. */
  readonly misnamed: readonly string[];
  /** Of the images of the first part, squashed to `size`; one channel when all images are grey. */
  readonly channels: MeasuredChannels;
  readonly groups: readonly InspectedGroup[];
  readonly leaks: readonly Leak[];
  /** Groups whose images do not all have one class. */
  readonly conflicts: number;
}

const filesAtOnce = 8;

/**
 * Reads every image once and tells what there is. A folder whose folders are all parts (`train`, `test`, ...) is
 * looked at as a whole, so that images are found that are in several of them.
 *
 * Takes about 600 bytes an image, whatever its size.
 *
 * @throws Error when the data cannot be opened, no image can be read, or an option is out of range
 */
export async function inspectData(
  options: InspectOptions,
  onProgress: OnProgress = () => {},
): Promise<Inspection> {
  const { likeness } = options;
  if (!(likeness > 0 && likeness <= 1)) {
    throw new CutoutError({
      where: "data stats",
      what: "--likeness must be above 0 and at most 1",
      got: String(likeness),
    });
  }
  const scan = new Scan();
  const parts = partsOf(options);
  const beside = parts[0]!.part === null ? [] : leftOutBeside(options.data);
  for (const { part, data } of parts) await scanPart(scan, { ...options, data }, part, onProgress);
  if (scan.names.length === 0) {
    const { name, reason } = scan.broken[0] ?? { name: options.data, reason: "no images" };
    throw new CutoutError({
      where: "data stats",
      what: `${options.data} must hold an image that can be read`,
      got: `${name}: ${reason}`,
    });
  }
  const task = "looking for duplicates";
  const found = findDuplicates(
    { files: scan.files, pixels: scan.pixels, thumbnails: scan.thumbnails },
    likeness,
    (done, total) => onProgress(done, total, task),
  );
  const groups = found.map(({ images, ...group }) => ({
    ...group,
    members: inOrderOfParts(images, scan).map((image) => ({
      image,
      name: scan.names[image]!,
      class: scan.classes[scan.labels[image]!]!,
      part: scan.parts[scan.partOf[image]!]!,
    })),
  }));
  const counts = scan.counts();
  const missing =
    counts.length === 1
      ? options.shares === undefined
        ? []
        : missingInShares(scan.classes, counts[0]!, options.shares)
      : missingIn(scan.classes, Object.fromEntries(counts.map((part, at) => [scan.parts[at]!, part])));
  return {
    data: options.data,
    images: scan.names.length,
    classes: scan.classes,
    parts: scan.parts,
    counts,
    missing,
    broken: scan.broken,
    leftOut: together([...beside, ...scan.leftOut]),
    notes: scan.notes,
    examples: scan.examples(),
    sizes: scan.sizes(),
    formats: scan.formats(),
    misnamed: scan.misnamed,
    channels: scan.channels(),
    groups,
    leaks: leaksOf(groups, scan),
    conflicts: groups.filter(({ members }) => members.some((member) => member.class !== members[0]!.class))
      .length,
  };
}

function inOrderOfParts(images: readonly number[], scan: Scan): number[] {
  return [...images].sort((a, b) => scan.partOf[a]! - scan.partOf[b]! || a - b);
}

/** The data itself, or the parts that it is divided into by folders. */
export function partsOf(options: DataOptions): { readonly part: string | null; readonly data: string }[] {
  const { data, format = "auto" } = options;
  const whole = [{ part: null, data }];
  if ((format !== "auto" && format !== "folder") || !existsSync(data)) return whole;
  const folders = foldersIn(data); // none of a file; what is wrong with it is told when it is opened
  if (folders.length < 2 || folders.some((name) => partOfFolder(name) === null)) return whole;
  // Training first, test last, so that a leak reads "of training in test".
  const rank = (name: string) => ["train", "validation", "test"].indexOf(partOfFolder(name)!);
  return folders
    .sort((a, b) => rank(a) - rank(b) || byCode(a, b))
    .map((part) => ({ part, data: join(data, part) }));
}

async function scanPart(
  scan: Scan,
  options: InspectOptions,
  part: string | null,
  onProgress: OnProgress,
): Promise<void> {
  const source = await openSource(options);
  // Training first, whatever the order of the images, so that a leak reads "images of test also in train".
  if (part === null) for (const name of source.parts) scan.placeOf(name);
  const { size: native } = await describeData(options);
  const size = native ?? photoSize;
  const prefix = part === null ? "" : `${part}/`;
  scan.notes.push(...(source.notes ?? []));
  for (const each of source.leftOut ?? []) {
    scan.leftOut.push({ ...each, names: each.names.map((name) => prefix + name) });
  }
  const isFile = new Set(source.files.map(({ name }) => name));
  const partOf = (image: SourceImage) => part ?? image.part ?? "all";
  const decoded = source.images({ size, fit: "squash", maxPixels: options.maxPixels });
  // The file is read again for its digest and its head: the system still has it in memory.
  const both = inOrder(
    decoded,
    async (image) => ({
      image,
      file: isFile.has(image.name) && !("reason" in image) ? await lookAtFile(source, image.name) : null,
    }),
    filesAtOnce,
  );
  const labels: number[] = [];
  const firstOfPart = scan.names.length;
  let done = 0;
  const step = Math.max(1, Math.floor(source.total / 500));
  for await (const { image, file } of both) {
    if ("reason" in image) scan.broken.push({ name: prefix + image.name, reason: image.reason });
    else {
      labels.push(image.label);
      scan.add(prefix + image.name, partOf(image), image.pixels, size, native, file);
    }
    if (++done % step === 0) onProgress(Math.min(done, source.total), source.total, `reading ${source.name}`);
  }
  const { classes, places } = source.settle?.() ?? { classes: source.classes, places: null };
  const labelOf = classes.map((name) => scan.labelOf(name));
  for (const [at, label] of labels.entries()) {
    scan.labels[firstOfPart + at] = labelOf[places === null ? label : places[label]!]!;
  }
}

async function lookAtFile(source: Source, name: string): Promise<LookedAtFile | null> {
  try {
    const bytes = await readFile(join(source.path, name));
    return { digest: digestOf(bytes), format: formatOf(bytes), size: await sizeOfImage(bytes) };
  } catch {
    return null; // removed since it was decoded
  }
}

function leaksOf(groups: readonly InspectedGroup[], scan: Scan): Leak[] {
  return scan.parts.flatMap((into, later) =>
    scan.parts.slice(0, later).map((part) => {
      let [images, same] = [0, 0];
      for (const { members } of groups) {
        const sources = members.filter((member) => member.part === part);
        if (sources.length === 0) continue;
        const digests = new Set(sources.map(({ image }) => scan.pixels[image]));
        for (const member of members) {
          if (member.part !== into) continue;
          images++;
          if (digests.has(scan.pixels[member.image])) same++;
        }
      }
      return { part, into, images, same, of: scan.partOf.filter((at) => at === later).length };
    }),
  );
}
