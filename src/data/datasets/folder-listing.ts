// Lists the images of folders, without opening any.
import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { CutoutError } from "../../error.ts";
import type { SourceFile } from "./source.ts";

// Not all of these formats can be read everywhere: they are listed so that they are reported, not lost.
export const imageName = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|bmp|heic|heif|jp2|jxl)$/i;

export interface Listing {
  readonly images: SourceFile[];
  /** Files that are no images by their name. */
  others: number;
}

/** Entries of a folder that are not hidden. @throws Error, which calls the folder `shown`, when it cannot be read */
export function visible(path: string, shown: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter(
      ({ name }) => !name.startsWith(".") && name !== "__MACOSX",
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new CutoutError({
      where: "data",
      what: `${shown} ${folderTrouble[code] ?? `cannot be read (${code}); check the disk`}`,
    });
  }
}

const folderTrouble: { readonly [code: string]: string } = {
  ENOENT: "does not exist; give the folder that holds the images",
  ENOTDIR: "is not a folder; give the folder that holds the images",
  EACCES: "cannot be read (EACCES); change its permissions",
  EPERM: "cannot be read (EPERM); change its permissions",
};

export function isFolder(path: string): boolean {
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
export function add(listing: Listing, root: string, name: string): void {
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

/** All images below `root/folder`, named from `root` on; links are followed, but not in circles. */
export function listBelow(root: string, folder: string): Listing {
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
