// Decodes a source once into a file of 8-bit images and an index, and finds it again.
import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, join, resolve } from "node:path";
import { makeFolders, writeFlushed } from "../../durable-file.ts";
import { CutoutError, systemError } from "../../error.ts";
import type { Dataset } from "../dataset.ts";
import type { Purpose } from "../datasets/kind.ts";
import type { BrokenImage, Source } from "../datasets/source.ts";
import { isGrey } from "../images/grey.ts";
import { type DecodeOptions, decoderVersion } from "../images/image.ts";
import {
  type CacheIndex,
  cacheFormat,
  datasetOf,
  imageFileBytes,
  indexFrom,
  indexText,
  readCache,
  storedParts,
} from "./cached-dataset.ts";
import { fileSink, type ImageSink, memorySink } from "./image-sink.ts";
import { DamagedImages } from "./image-store.ts";

/** Called now and then with the images done so far, the number of all images, and what is being done. */
export type OnProgress = (done: number, total: number, what: string) => void;

export interface CacheOptions extends DecodeOptions {
  /** Folder of the caches; made when it is missing. */
  readonly cacheDir: string;
  /** Share of the images that may be broken, 0 to 1; above it, opening fails. */
  readonly maxBroken: number;
  /**
   * To `evaluate` a network nothing needs to be writable: where no cache can be made, the images stay in memory; and a
   * class may have no image that can be read. `train` when left out.
   */
  readonly purpose?: Purpose | undefined;
}

/**
 * The dataset of a source: read from its cache when there is one and no file has changed since (path, size,
 * modification time, mode), decoded into a new cache otherwise.
 *
 * A cache is `STEM-KEY.images` and `STEM-KEY.json`. STEM tells data and decode options apart, KEY the state of the
 * files and the decoder. Both are written beside and renamed, the index last: an index means a whole cache. Index and
 * images carry sums of what is in them; a cache that is damaged is made again, and the dataset says so.
 *
 * Several processes may do this at once: what one has made meanwhile stays, and what one reads it has open.
 *
 * @param since when the data were looked at, milliseconds: caches that are newer are not taken for old ones
 * @throws Error when too many images or all of a class are broken, the disk is full, or the folder is not writable
 */
export async function openCached(
  source: Source,
  options: CacheOptions,
  onProgress: OnProgress,
  since = performance.timeOrigin + performance.now(),
): Promise<Dataset> {
  const { size, fit, maxPixels } = options;
  const decode = { format: cacheFormat, size, fit, maxPixels };
  const slug = source.name.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 40);
  const stem = `${slug}-${hash([source.path, decode]).slice(0, 10)}`;
  const key = hash([source.path, decode, decoderVersion, source.classes, source.files]);
  const cacheDir = resolve(options.cacheDir);
  const base = join(cacheDir, `${stem}-${key.slice(0, 20)}`);

  const imageFile = `${base}.images`;
  const found = findIndex(base, key);
  let notes = source.notes ?? [];
  if (found instanceof Object) {
    checkBroken(source, found.index.classes, options, found.index.labels, found.index.broken);
    try {
      return readCache(found.index, imageFile, undefined, found.descriptor, source);
    } catch (error) {
      if (!(error instanceof DamagedImages)) throw error;
    }
  }
  if (found !== "missing") notes = [...notes, `the cache was damaged, it has been made again (${imageFile})`];
  const write = writer(cacheDir, source.total * size.height * size.width * source.channels);
  if (options.purpose === "evaluate" && !canBeWritten(cacheDir)) {
    const sink = memorySink();
    const index = await build(source, options, key, sink, onProgress);
    return datasetOf(index, sink.store(index), { leftOut: source.leftOut ?? [], notes });
  }
  write(() => makeFolders(cacheDir));
  write(() => removeStale(cacheDir, stem, basename(base), since));
  const ending = `.tmp-${hash(hostname()).slice(0, 8)}-${process.pid}-${temporaries++}`;
  const temporary = { images: `${base}.images${ending}`, index: `${base}.json${ending}` };
  try {
    const task = found === "missing" ? source.task : `${source.task}, as the cache was damaged`;
    const sink = write(() => fileSink(temporary.images));
    const index = await build(source, options, key, guardedSink(sink, write), (done, total) =>
      onProgress(done, total, task),
    );
    // Opened under its own name, which nobody else takes away.
    const descriptor = write(() => openSync(temporary.images, "r"));
    write(() => {
      renameSync(temporary.images, imageFile);
      writeFlushed(temporary.index, [Buffer.from(indexText(index))]);
      renameSync(temporary.index, `${base}.json`);
    });
    return readCache(index, imageFile, undefined, descriptor, { leftOut: source.leftOut ?? [], notes });
  } finally {
    for (const file of Object.values(temporary)) rmSync(file, { force: true });
  }
}

let temporaries = 0;

type Write = <T>(action: () => T) => T;

/** Whether a cache can be made in the folder, which is made when it is missing. */
function canBeWritten(cacheDir: string): boolean {
  try {
    mkdirSync(cacheDir, { recursive: true });
    accessSync(cacheDir, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function guardedSink(sink: ImageSink, write: Write): ImageSink {
  return {
    add: (pixels) => write(() => sink.add(pixels)),
    finish: (greyPixels) => write(() => sink.finish(greyPixels)),
    close: () => sink.close(),
  };
}

/** Decodes everything into the sink; the images are safe there when it returns. */
async function build(
  source: Source,
  options: CacheOptions,
  key: string,
  sink: ImageSink,
  onProgress: OnProgress,
): Promise<CacheIndex> {
  const { height, width } = options.size;
  let labels: number[] = [];
  let { classes } = source;
  const names: string[] = [];
  const officialParts: number[] = [];
  const broken: BrokenImage[] = [];
  const content = createHash("sha256");
  let allGrey = source.channels === 3;
  let sums: readonly string[] = [];
  try {
    const step = Math.max(1, Math.floor(source.total / 500));
    onProgress(0, source.total, source.task);
    for await (const image of source.images(options)) {
      if ("reason" in image) {
        broken.push({ name: image.name, reason: image.reason });
        checkShare(source, options, broken);
      } else {
        allGrey &&= isGrey(image.pixels);
        content.update(image.pixels);
        sink.add(image.pixels);
        labels.push(image.label);
        names.push(image.name);
        if (image.part !== null) officialParts.push(storedParts.indexOf(image.part));
      }
      const done = labels.length + broken.length;
      if (done % step === 0 || done === source.total) onProgress(done, source.total, source.task);
    }
    const settled = source.settle?.();
    if (settled !== undefined) {
      classes = settled.classes;
      labels = labels.map((label) => settled.places[label]!);
    }
    checkBroken(source, classes, options, labels, broken);
    sums = sink.finish(allGrey ? labels.length * height * width : null);
  } finally {
    sink.close();
  }
  const channels = allGrey ? 1 : source.channels;
  const shape = { classes, height, width, channels };
  const parts = source.parts.length > 0 ? officialParts : null;
  const fingerprint = hash([shape, labels, names, parts, content.digest("hex")]);
  return {
    format: cacheFormat,
    key,
    name: source.name,
    ...shape,
    count: labels.length,
    labels,
    names,
    officialParts: parts,
    fingerprint,
    broken,
    sums,
  };
}

/** The index of a whole cache, and its images opened; or why there is none that can be used. */
function findIndex(
  base: string,
  key: string,
): { readonly index: CacheIndex; readonly descriptor: number } | "missing" | "damaged" {
  let text: string;
  try {
    text = readFileSync(`${base}.json`, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "missing" : "damaged";
  }
  const index = indexFrom(text);
  if (index === null || index.format !== cacheFormat || index.key !== key) return "damaged";
  try {
    const descriptor = openSync(`${base}.images`, "r");
    if (fstatSync(descriptor).size === imageFileBytes(index)) return { index, descriptor };
    closeSync(descriptor);
  } catch {
    // The images are gone, or cannot be read.
  }
  return "damaged";
}

/**
 * Removes the caches of earlier states of the same data, and what killed processes have left of theirs. The cache that
 * is about to be made stays, as another process may just have made it, and so does what is newer than our look at the data.
 */
function removeStale(cacheDir: string, stem: string, own: string, since: number): void {
  const host = hash(hostname()).slice(0, 8);
  for (const name of readdirSync(cacheDir)) {
    if (!name.startsWith(`${stem}-`)) continue;
    const temporary = /\.tmp-([0-9a-f]{8})-(\d+)-\d+$/.exec(name);
    const file = join(cacheDir, name);
    const stays =
      temporary !== null
        ? temporary[1] !== host || isRunning(Number(temporary[2]))
        : name.startsWith(`${own}.`) || (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= since;
    if (!stays) rmSync(file, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function checkShare(source: Source, options: CacheOptions, broken: readonly BrokenImage[]): void {
  if (broken.length <= options.maxBroken * source.total) return;
  const some = broken.slice(0, 5).map(({ name, reason }) => `${name} (${reason})`);
  throw new CutoutError({
    where: "data",
    what: `at most ${options.maxBroken * 100} % of the ${source.total} images of ${source.path} may be broken (maxBroken)`,
    got: `at least ${broken.length}: ${some.join(", ")}`,
    remedy: "repair or remove them, or raise maxBroken (--max-broken)",
  });
}

function checkBroken(
  source: Source,
  classes: readonly string[],
  options: CacheOptions,
  labels: readonly number[],
  broken: readonly BrokenImage[],
): void {
  checkShare(source, options, broken);
  if (options.purpose !== undefined && options.purpose !== "train" && labels.length > 0) return;
  const present = new Set(labels);
  const lost = classes.find((_, label) => !present.has(label));
  if (lost === undefined) return;
  const got = broken.length === 0 ? "none" : `broken ones only (${broken[0]!.name}: ${broken[0]!.reason})`;
  throw new CutoutError({
    where: "data",
    what: `class "${lost}" of ${source.path} must have an image that can be read`,
    got,
    remedy: "repair them or remove the class",
  });
}

/** Says of a failed write which folder and what to do, instead of an error code. */
function writer(cacheDir: string, bytes: number): Write {
  return (action) => {
    try {
      return action();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      const trouble = writeTroubles[code];
      if (trouble === undefined) throw systemError(error, cacheDir);
      throw new CutoutError(
        { where: "cache", what: `${trouble(cacheDir, Math.ceil(bytes / 2 ** 20))} (${code})` },
        { cause: error },
      );
    }
  };
}

const full = (cacheDir: string, mebibytes: number) =>
  `no room left for the ${mebibytes} MiB of decoded images in ${cacheDir}; free space or choose another cacheDir (--cache-dir)`;
const locked = (cacheDir: string) =>
  `${cacheDir} must be a folder that can be written; choose another cacheDir (--cache-dir)`;
const writeTroubles: { readonly [code: string]: (cacheDir: string, mebibytes: number) => string } = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: full,
  EACCES: locked,
  EPERM: locked,
  EROFS: locked,
  ENOTDIR: locked,
  EEXIST: locked,
};

function hash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
