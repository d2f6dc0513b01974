// From what a person gives (files, folders, patterns, addresses) to a list of images.

import { type Dirent, existsSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, sep } from "node:path";
import { imageName } from "../data/names.ts";

/** An image to read, or what cannot be read and why. */
export type FoundImage = { readonly image: string } | { readonly name: string; readonly reason: string };

/**
 * Files and addresses as given, images of folders and their subfolders (linked ones too), and matches of patterns with
 * * ? and **; sorted within each. What is not there or cannot be read has its place in the list, with the reason.
 * @param leaveOut hears of files of folders that are no images by their names
 */
export function imageFiles(
  given: readonly string[],
  leaveOut: (folder: string, files: readonly string[]) => void = () => {},
): FoundImage[] {
  const seen = new Set<string>();
  return given
    .flatMap((one) => filesOf(one, leaveOut))
    .filter((found) => {
      const key = "image" in found ? found.image : found.name;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

const isAddress = (text: string) => /^[a-z][a-z+.-]+:\/\//i.test(text);

function filesOf(given: string, leaveOut: (folder: string, files: readonly string[]) => void): FoundImage[] {
  if (isAddress(given)) return [{ image: given }];
  const stats = statusOf(given);
  if (typeof stats !== "string") {
    if (!stats.isDirectory()) return [{ image: given }];
    const all = walk(given);
    const others = all.flatMap((found) =>
      "image" in found && !imageName.test(found.image) ? [found.image] : [],
    );
    const images = all.filter((found) => "reason" in found || imageName.test(found.image));
    if (others.length > 0) leaveOut(given, others);
    return images.length > 0
      ? images
      : [{ name: given, reason: "the folder holds no images (.jpg, .png, ...)" }];
  }
  if (!/[*?]/.test(given)) return [{ name: given, reason: stats }];
  const files = matches(given);
  return files.length > 0 ? files : [{ name: given, reason: "no file matches" }];
}

/** Error code -> what it means for a person. */
const troubles: { readonly [code: string]: string } = {
  ENOENT: "no such image or folder",
  ENOTDIR: "no such image or folder",
  EACCES: "reading is not permitted (EACCES)",
  EPERM: "reading is not permitted (EPERM)",
  ELOOP: "links that lead in a circle (ELOOP)",
  ENAMETOOLONG: "no such image or folder: the name is too long",
};

function troubleOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return troubles[code] ?? `cannot be read (${code})`;
}

function statusOf(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    return troubleOf(error);
  }
}

/** Matches of a pattern, below the last folder before its first wildcard. */
function matches(pattern: string): FoundImage[] {
  const parts = pattern.split(/[\\/]/);
  const first = parts.findIndex((part) => /[*?]/.test(part));
  const root = parts.slice(0, first).join("/") || (pattern.startsWith("/") ? "/" : ".");
  if (!existsSync(root)) return [];
  const rest = new RegExp(
    `^${parts.slice(first).map(expressionOf).join("/").replaceAll("(?:.*)/", "(?:.*/)?")}$`,
  );
  const below = (path: string) => path.slice(root === "/" ? 1 : root.length + 1).replaceAll(sep, "/");
  const named = (path: string) => (root === "." ? path.slice(2) : path);
  return walk(root).flatMap((found): FoundImage[] => {
    if ("reason" in found) return rest.test(below(found.name)) ? [{ ...found, name: named(found.name) }] : [];
    return rest.test(below(found.image)) ? [{ image: named(found.image) }] : [];
  });
}

function expressionOf(part: string): string {
  if (part === "**") return "(?:.*)";
  return part
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
}

/**
 * Every file below a folder, hidden ones left out. Paths keep the folder as it was given; links are followed, but not in
 * circles.
 */
function walk(folder: string, above: readonly string[] = []): FoundImage[] {
  let real: string;
  let entries: Dirent<Buffer>[];
  try {
    real = realpathSync(folder);
    if (above.includes(real)) return []; // a link to a folder above, whose images are there already
    entries = readdirSync(folder, { withFileTypes: true, encoding: "buffer" });
  } catch (error) {
    return [{ name: folder, reason: troubleOf(error) }];
  }
  return entries
    .map(({ name }) => ({ name: name.toString(), isText: Buffer.from(name.toString()).equals(name) }))
    .filter(({ name }) => !name.startsWith("."))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, isText }): FoundImage[] => {
      const path = folder === "." ? `.${sep}${name}` : join(folder, name);
      if (!isText) return [{ name: path, reason: "its name is no valid UTF-8: rename it" }];
      const stats = statusOf(path);
      if (typeof stats === "string")
        return [{ name: path, reason: stats === troubles.ENOENT ? "a link to nothing" : stats }];
      if (stats.isDirectory()) return walk(path, [...above, real]);
      // Pipes and devices are read only where they are named: they would let wait for ever.
      if (!stats.isFile())
        return imageName.test(name)
          ? [{ name: path, reason: "a pipe or device, which is read only where it is named" }]
          : [];
      return [{ image: path }];
    });
}
