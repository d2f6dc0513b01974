// Lists of near-duplicates: images that must stay on one side of a split.
import { readFileSync } from "node:fs";
import { replaceFile } from "../../durable-file.ts";
import { CutoutError, refusalText } from "../../error.ts";

/**
 * Groups of image names, a group a line, names as in `Dataset.names`. Fields are separated by tabs where the file
 * has one, else by commas (with CSV's quotes), else by white space. A first line without a dot in any field is a
 * header; empty lines and lines that start with `#` are skipped.
 *
 * @throws Error when the file cannot be read or has no line with two names
 */
export function readGroups(file: string): readonly (readonly string[])[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new CutoutError({
      where: "groups",
      what: `${file} cannot be read, ${refusalText(error)}`,
      remedy: "give a file with the names of near-duplicates",
    });
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const fieldsOf = text.includes("\t") ? byTab : text.includes(",") ? byComma : byWhiteSpace;
  const rows = lines.map((line) =>
    fieldsOf(line)
      .map((field) => field.trim().replace(/^\.\//, ""))
      .filter((field) => field !== ""),
  );
  if (rows[0]?.every((field) => !field.includes("."))) rows.shift();
  if (!rows.some((row) => row.length > 1)) {
    throw new CutoutError({
      where: "groups",
      what: `${file} must have lines with two or more names of images`,
      got: "none",
    });
  }
  return rows.filter((row) => row.length > 1);
}

/**
 * Writes groups so that {@link readGroups} reads the same names: a line a group, separated by tabs.
 *
 * @param groups of two or more names each, at least one group
 * @throws Error when a name holds a tab or a line break, or begins or ends with white space; it could not be read again
 */
export function writeGroups(file: string, groups: readonly (readonly string[])[]): void {
  const bad = groups.flat().find((name) => name.trim() !== name || /[\t\r\n]/.test(name));
  if (bad !== undefined) {
    throw new CutoutError({
      where: "groups",
      what: "names must have no tabs, line breaks or white space around them",
      got: JSON.stringify(bad),
      remedy: "rename the file",
    });
  }
  // "./" so that no name is taken for a comment, and a header so that no group is taken for one.
  const lines = groups.map((group) => group.map((name) => `./${name}`).join("\t"));
  replaceFile(file, [Buffer.from(["image\tduplicates", ...lines, ""].join("\n"))]);
}

const byTab = (line: string) => line.split("\t");
const byWhiteSpace = (line: string) => line.trim().split(/\s+/);
const byComma = (line: string) =>
  [...line.matchAll(/(?:^|,)(?:\s*"((?:[^"]|"")*)"\s*|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
