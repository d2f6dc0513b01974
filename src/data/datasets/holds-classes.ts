// Whether a folder is one of classes, by a glance at the names in it.
import { join } from "node:path";
import { firstBelow, glance, imageName } from "./folder-listing.ts";
import { classOfName } from "./labels.ts";
import { partOfFolder } from "./official-split.ts";

/**
 * Whether a folder holds class folders of images, or parts of a split with them, or images that are named by class: then
 * a table or an archive that lies there too does not say what the data are. Looks at names alone, and stops early.
 */
export function holdsClasses(data: string): boolean {
  const top = topOf(data);
  if (top === null) return false;
  const parts = top.folders.filter((folder) => partOfFolder(folder) !== null);
  if (parts.length > 0 && parts.length === top.folders.length) {
    return parts.some((part) => partOfFolder(part) === "train" && holdsClasses(join(data, part)));
  }
  if (top.folders.length === 0) {
    return new Set(top.names.flatMap((name) => classOfName(name) ?? [])).size > 1;
  }
  let classes = 0;
  for (const folder of top.folders) {
    const found = firstBelow(join(data, folder));
    if (found === "shards") return false;
    if (found === "image" && ++classes === enough) return true;
  }
  return classes > 1;
}

/** So many folders of images are not there by chance: the others are not looked into. */
const enough = 16;

function topOf(data: string): { readonly folders: string[]; readonly names: string[] } | null {
  try {
    const entries = glance(data);
    return {
      folders: entries.filter(({ isFolder }) => isFolder).map(({ name }) => name),
      names: entries
        .filter(({ isFolder, name }) => !isFolder && imageName.test(name))
        .map(({ name }) => name),
    };
  } catch {
    return null; // no folder, or one that may not be read: what is wrong is told when it is opened
  }
}
