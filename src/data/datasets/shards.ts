// Names of WebDataset shards: one file or address, a folder, or a pattern like `train-{000..099}.tar`.
import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CutoutError } from "../../error.ts";
import { isAddress } from "../http/remote-file.ts";
import { byCode } from "./labels.ts";

const tarName = /\.(tar|tgz|tar\.gz)$/i;
const mostShards = 1_000_000;
const mostFolders = 64;

/**
 * All names of a pattern: `{000..099}` counts, with leading zeros kept; `{a,b}` lists; several multiply.
 * @throws Error when a pattern stands for more than a million names
 */
export function expandBraces(pattern: string): string[] {
  const found = /\{([^{}]*)\}/.exec(pattern);
  if (found === null) return [pattern];
  const [whole, inside = ""] = found;
  const choices = choicesOf(inside, pattern);
  const rests = expandBraces(pattern.slice(found.index + whole.length));
  if (choices.length * rests.length > mostShards) throw tooMany(pattern);
  const start = pattern.slice(0, found.index);
  return choices.flatMap((choice) => rests.map((rest) => `${start}${choice}${rest}`));
}

function choicesOf(inside: string, pattern: string): string[] {
  const [, first, last] = /^(\d{1,15})\.\.(\d{1,15})$/.exec(inside) ?? [];
  if (first === undefined || last === undefined) return inside.split(",");
  const [from, to] = [Number(first), Number(last)];
  const step = from <= to ? 1 : -1;
  if (Math.abs(to - from) >= mostShards) throw tooMany(pattern);
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, index) =>
    String(from + step * index).padStart(first.length, "0"),
  );
}

const tooMany = (pattern: string) =>
  new CutoutError({
    where: "webdataset",
    what: `${pattern} must stand for at most ${mostShards} shards`,
    got: "more",
    remedy: "divide it",
  });

/** Shards, and what names them together. */
export interface FoundShards {
  /** The pattern as it can be used from any folder. */
  readonly data: string;
  /** Absolute paths, or addresses. */
  readonly shards: readonly string[];
}

/** The shards that a file, folder, pattern or address stands for; null when it stands for none. */
export function findShards(data: string): FoundShards | null {
  const path = isAddress(data) ? data : resolve(data);
  if (isAddress(data)) {
    const name = data.replace(/[?#].*$/, "");
    return tarName.test(name) ? { data, shards: expandBraces(data) } : null;
  }
  if (tarName.test(data)) {
    if (existsSync(path)) return statSync(path).isFile() ? { data: path, shards: [path] } : null;
    return /\{.*\}/.test(data) ? { data: path, shards: expandBraces(path) } : null;
  }
  // One level below too: `train/` and `val/`.
  const entries = listing(path);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  // A folder of photos may have thousands.
  const below = folders.length > mostFolders ? [] : folders;
  const shards = ["", ...below].flatMap((folder) =>
    (folder === "" ? entries : listing(join(path, folder)))
      .filter((entry) => !entry.isDirectory() && /\.tar$/i.test(entry.name) && !entry.name.startsWith("."))
      .map(({ name }) => join(path, folder, name)),
  );
  return shards.length > 0 ? { data: path, shards: shards.sort(byCode) } : null;
}

function listing(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // no folder, or one that may not be read: then it is of no use here
  }
}
