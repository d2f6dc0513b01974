// Files that a person asks for with a flag: the place is looked at before the work, its folder is made.
import { statSync } from "node:fs";
import { dirname, extname } from "node:path";
import { settingsError } from "../config/settings.ts";
import { makeFolders, replaceFile } from "../durable-file.ts";
import { telling } from "../error.ts";

/**
 * Makes sure that a file can have this name.
 * @param flag as the person gave it, for the error
 * @param ending such as `.png`, where what is written is nothing else
 * @throws CutoutError when a folder is there, or another ending is asked for
 */
export function checkOutFile(flag: string, path: string, ending?: string): void {
  if (telling(`${flag}: ${path}`, () => statSync(path, { throwIfNoEntry: false }))?.isDirectory()) {
    throw settingsError({ where: flag, what: "must be the name of a file", got: `the folder ${path}` });
  }
  if (ending !== undefined && extname(path).toLowerCase() !== ending) {
    throw settingsError({ where: flag, what: `must end in ${ending}`, got: path });
  }
}

/** Writes the file as a whole, and makes its folder where there is none. */
export function writeOutFile(path: string, bytes: Uint8Array): void {
  telling(dirname(path), () => makeFolders(dirname(path)));
  replaceFile(path, [bytes]);
}
