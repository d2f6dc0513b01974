// images/: pictures of the test images that are worth a look, by the names that evaluation.json has for them.
import { mkdirSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { replaceFile } from "../durable-file.ts";
import { CutoutError } from "../error.ts";
import { entryAt, readPlainFile, unreadable } from "./plain-file.ts";

/** Of the pictures. */
export const folderName = "images";

/**
 * Writes one picture.
 * @param index of the image in its data set
 * @returns its name below the run folder: `images/000123.webp`
 */
export function writeImage(folder: string, index: number, webp: Uint8Array): string {
  makeOwnFolder(folder);
  const picture = `${folderName}/${String(index).padStart(6, "0")}.webp`;
  replaceFile(join(folder, picture), [webp]);
  return picture;
}

/** A link in its place would be written through. */
function makeOwnFolder(folder: string): void {
  const path = join(folder, folderName);
  const there = entryAt(path);
  if (there?.isDirectory()) return;
  if (there !== null) {
    throw new CutoutError({
      where: path,
      what: "must be a folder of the run folder itself",
      got: there.isSymbolicLink() ? "a link" : "something else",
      remedy: "take that away",
    });
  }
  try {
    mkdirSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A sentence when the folder of pictures is a link, which is not followed. */
export function checkPictures(folder: string, problems: string[]): void {
  const there = entryAt(join(folder, folderName));
  if (there === null || there.isDirectory()) return;
  problems.push(
    `${folderName} is ${there.isSymbolicLink() ? "a link, which is not followed" : "no folder"}: no pictures are shown.`,
  );
}

const types: Readonly<Record<string, string>> = {
  webp: "image/webp",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
};

/** Reads kept pictures as data URIs, each once, until a budget of bytes is used up. */
export interface Pictures {
  /** Null when there is no such picture, it lies outside the run folder's `images`, or the budget is used up. */
  load(picture: string | null): Promise<string | null>;
  /** Pictures that were left out for the budget. */
  readonly leftOut: number;
}

/** @param budget bytes of all pictures together; a page of some ten megabytes still opens at once */
export function openPictures(folder: string, budget = 16 * 2 ** 20): Pictures {
  const loaded = new Map<string, string | null>();
  let left = budget;
  let leftOut = 0;
  const read = async (picture: string): Promise<string | null> => {
    const type = types[picture.split(".").at(-1) ?? ""];
    if (type === undefined) return null;
    try {
      // Names come from a file that may come from anywhere: neither `..` nor a link leads out of the folder.
      if (!entryAt(join(folder, folderName))?.isDirectory()) return null;
      const images = await realpath(join(folder, folderName));
      const file = await realpath(join(folder, picture));
      if (!file.startsWith(images + sep)) return null;
      const bytes = readPlainFile(file, budget);
      if (bytes.length > left) {
        leftOut++;
        return null;
      }
      left -= bytes.length;
      return `data:${type};base64,${bytes.toString("base64")}`;
    } catch {
      return null;
    }
  };
  return {
    async load(picture) {
      if (picture === null) return null;
      if (!loaded.has(picture)) loaded.set(picture, await read(picture));
      return loaded.get(picture) ?? null;
    },
    get leftOut() {
      return leftOut;
    },
  };
}
