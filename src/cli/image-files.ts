// From what a person gives (files, folders, patterns) to a list of image files.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { imageName } from "../data/names.ts";
import { CutoutError } from "../error.ts";

/**
 * Files as given, images of folders and their subfolders, and matches of patterns with * ? and **; sorted within each.
 * @throws Error when one names nothing
 */
export function imageFiles(given: readonly string[]): string[] {
  return [...new Set(given.flatMap(filesOf))];
}

function filesOf(given: string): string[] {
  if (existsSync(given)) {
    if (!statSync(given).isDirectory()) return [given];
    const images = walk(given).filter((file) => imageName.test(file));
    if (images.length === 0)
      throw new CutoutError({ where: given, what: "must hold images (.jpg, .png, ...)", got: "none" });
    return images;
  }
  if (!/[*?]/.test(given)) throw new CutoutError({ where: given, what: "no such image or folder" });
  const files = matches(given);
  if (files.length === 0) throw new CutoutError({ where: given, what: "must match some file", got: "none" });
  return files;
}

/** Matches of a pattern, below the last folder before its first wildcard. */
function matches(pattern: string): string[] {
  const parts = pattern.split(/[\\/]/);
  const first = parts.findIndex((part) => /[*?]/.test(part));
  const root = parts.slice(0, first).join("/") || (pattern.startsWith("/") ? "/" : ".");
  if (!existsSync(root)) return [];
  const rest = new RegExp(
    `^${parts.slice(first).map(expressionOf).join("/").replaceAll("(?:.*)/", "(?:.*/)?")}$`,
  );
  return walk(root)
    .filter((file) => rest.test(file.slice(root === "/" ? 1 : root.length + 1).replaceAll(sep, "/")))
    .map((file) => (root === "." ? file.slice(2) : file));
}

function expressionOf(part: string): string {
  if (part === "**") return "(?:.*)";
  return part
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
}

/** Every file below a folder, hidden ones left out. Paths keep the folder as it was given. */
function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith("."))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === "." ? `.${sep}${entry.name}` : join(folder, entry.name);
      return entry.isDirectory() ? walk(path) : [path];
    });
}
