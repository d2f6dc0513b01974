// What lies beside the images and is not read: counted by ending or reason, with a few names of each.
import { closeSync, constants, openSync, readSync } from "node:fs";
import { counted } from "../../text.ts";
import { formatOf } from "../images/image-format.ts";

/** Things that are not read for the same reason. */
export interface LeftOut {
  /** An ending (`.ppm`), or what they are (`links that lead back up`). */
  readonly what: string;
  readonly count: number;
  /** Paths below the data folder of the first ones; folders end in `/`. */
  readonly names: readonly string[];
  /** What would have them read, where something would. */
  readonly remedy?: string | undefined;
}

const namesKept = 5;

/** Counts while folders are walked. */
export class LeftOutCount {
  readonly #found = new Map<string, { what: string; count: number; names: string[]; remedy?: string }>();

  add(what: string, name: string, remedy?: string): void {
    const key = `${what}\0${remedy ?? ""}`;
    const known = this.#found.get(key) ?? { what, count: 0, names: [], ...(remedy && { remedy }) };
    known.count++;
    if (known.names.length < namesKept) known.names.push(name);
    this.#found.set(key, known);
  }

  /** The most frequent first. */
  list(): LeftOut[] {
    return [...this.#found.values()].sort((a, b) => b.count - a.count);
  }
}

/** How many things there are. */
export function countOf(leftOut: readonly LeftOut[]): number {
  return leftOut.reduce((sum, { count }) => sum + count, 0);
}

/** `23 other files, .ppm: 20, .txt: 3` */
export function othersInWords(leftOut: readonly LeftOut[]): string {
  const kinds = leftOut.slice(0, namesKept).map(({ what, count }) => `${what}: ${count}`);
  const more = leftOut.length > kinds.length ? ", ..." : "";
  const all = counted(countOf(leftOut), "other file");
  return kinds.length === 0 ? all : `${all}, ${kinds.join(", ")}${more}`;
}

/** `.ppm: 20 (convert them to PNG or JPEG), .txt: 3` */
export function leftOutInWords(leftOut: readonly LeftOut[]): string {
  return leftOut
    .map(({ what, count, remedy }) => `${what}: ${count}${remedy === undefined ? "" : ` (${remedy})`}`)
    .join(", ");
}

/** What several folders leave out, each kind once. */
export function together(leftOut: readonly LeftOut[]): LeftOut[] {
  const sum = new Map<string, LeftOut>();
  for (const each of leftOut) {
    const key = `${each.what}\0${each.remedy ?? ""}`;
    const known = sum.get(key);
    sum.set(
      key,
      known === undefined
        ? each
        : {
            ...known,
            count: known.count + each.count,
            names: [...known.names, ...each.names].slice(0, namesKept),
          },
    );
  }
  return [...sum.values()].sort((a, b) => b.count - a.count);
}

const toolFolders = new RegExp(
  `^(${[
    "__MACOSX",
    "@eaDir|@tmp|@Recycle|@Recently-Snapshot|\\.@__thumb|#recycle|#snapshot", // network disks
    "\\$RECYCLE\\.BIN|RECYCLER|System Volume Information|lost\\+found|Network Trash Folder|Temporary Items",
    "\\.Trash.*|\\.Trashes|\\.Spotlight-.*|\\.fseventsd|\\.TemporaryItems|\\.DocumentRevisions-.*",
    "\\.thumbnails|\\.thumbs|\\.thumb|_thumbs|_thumbnails|\\.xvpics|\\.pics|\\.comments",
    "\\.picasaoriginals|iPod Photo Cache|CaptureOne|_vti_cnf|\\.dtrash",
    ".+\\.(lrdata|lrcat-data|photoslibrary|photolibrary|aplibrary|cocatalog)",
  ].join("|")})$`,
  "i",
);
const toolFiles =
  /^(\._.*|\.DS_Store|\.localized|Icon\r|(eh)?thumbs(_vista)?\.db|desktop\.ini|\.?picasa\.ini|ZbThumbnail\.info|\.nomedia|\.directory|\.BridgeSort|\.BridgeLabelsAndRatings)$/i;

/** Our own records are nobody's data. */
const ours = /^\.cutout/;

/** Why a file or folder of this name is nobody's photo; null when it may be, `ours` when nobody need know of it. */
export function hiddenAs(name: string, isFolder: boolean): string | null {
  if (ours.test(name)) return "ours";
  if (isFolder && toolFolders.test(name)) return "folders of photo tools or the system";
  if (!isFolder && toolFiles.test(name)) return "files of photo tools or the system";
  return name.startsWith(".") ? `hidden ${isFolder ? "folders" : "files"}` : null;
}

/** Endings of pictures that are not read here. */
const otherPictures =
  /^\.(p[pgbna]m|svgz?|ps[db]|xcf|cr[23w]|nef|nrw|arw|dng|orf|rw2|raf|pef|srw|ico|icns|tga|exr|hdr|pic|dds|pcx|ras|dcm|nii|jxr|wdp|emf|wmf|eps|ai|j2[kc]|jp[cfmx]|jph|jng|mng|fits?|pict|sgi|rgb|xbm|xpm|qoi)$/i;
/** Endings of what is no picture for certain: such files are not looked into. */
const noPictures =
  /^\.(txt|md|rst|csv|tsv|json|jsonl|xml|ya?ml|html?|pdf|docx?|xlsx?|py|ipynb|js|sh|m|mat|np[yz]|pkl|h5|hdf5|parquet|tar|tgz|gz|zip|7z|rar|bz2|xz|db|ini|log|xmp|mp4|mov|avi|mkv|wav|mp3)$/i;
const archives = /^\.(zip|7z|rar|tgz|bz2|xz)$/i;

const endingOfFormat: { readonly [format: string]: string } = {
  JPEG: ".jpg",
  PNG: ".png",
  WebP: ".webp",
  GIF: ".gif",
  TIFF: ".tif",
  AVIF: ".avif",
};

/** Adds a file whose name is not that of an image; one without a telling ending is looked into. */
export function addOther(leftOut: LeftOutCount, name: string, path: string): void {
  const own = name.slice(name.lastIndexOf("/") + 1);
  const ending = /.(\.[^.\s]{1,12})$/.exec(own)?.[1]?.toLowerCase() ?? "";
  leftOut.add(ending === "" ? "without an ending" : ending, name, remedyFor(ending, path));
}

function remedyFor(ending: string, path: string): string | undefined {
  if (otherPictures.test(ending)) return "convert them to PNG or JPEG";
  if (archives.test(ending)) return "unpack them";
  const format = noPictures.test(ending) ? "other" : formatOf(firstBytes(path));
  const right = endingOfFormat[format];
  return right === undefined ? undefined : `${format} by their first bytes: give them the ending ${right}`;
}

function firstBytes(path: string): Uint8Array {
  const bytes = new Uint8Array(12);
  try {
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return bytes.subarray(0, 0); // it may not be read: then nothing can be said of it
  }
}
