// A table of labels (CSV or TSV): a line an image, with the file's name and its label.
import { existsSync, type Stats, statSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, join, resolve, sep } from "node:path";
import { parse } from "csv-parse";
import { parse as parseText } from "csv-parse/sync";
import { streamBytes, withBytes } from "../formats/byte-file.ts";
import { explained, trouble, type Where } from "../formats/trouble.ts";
import { decodeImage, decodesAtOnce } from "../images/image.ts";
import { inOrder } from "../images/in-order.ts";
import type { Columns } from "./columns.ts";
import { add, emptyListing, firstBelow, pathBelow, visible } from "./folder-listing.ts";
import type { DatasetKind, Purpose } from "./kind.ts";
import { settleClasses } from "./labels.ts";
import type { LeftOut } from "./left-out.ts";
import type { BrokenImage, Source, SourceFile, SourceImage } from "./source.ts";
import { splitByColumn, splitColumnIn } from "./split-column.ts";

const format = "a table of labels";
const imageColumns = ["file", "file_name", "filename", "image", "image_path", "path", "image_id", "id"];
const labelColumns = ["label", "labels", "class", "class_name", "category", "target", "breed", "species"];
/** Characters of one line. */
const longestLine = 65_536;
const mostRows = 50_000_000;

interface Row {
  readonly file: string;
  readonly label: string;
  /** What the column of parts says. */
  readonly part: string;
}

interface Table {
  readonly rows: readonly Row[];
  /** The column of parts, as it is called; null where there is none. */
  readonly partColumn: string | null;
}

/** The table in a folder of images without class folders, by its usual names; null when there is none. */
export function findCsv(data: string): string | null {
  if (/\.(csv|tsv)$/i.test(data)) return existsSync(data) && statSync(data).isFile() ? data : null;
  const files = ["labels.csv", "metadata.csv", "labels.tsv"].map((name) => join(data, name));
  return files.find((file) => existsSync(file) && hasColumns(file)) ?? null;
}

/** Whether the first line names a column of files and one of labels. */
function hasColumns(file: string): boolean {
  const where = { reader: "csv", file };
  const start = withBytes(where, (bytes) => bytes.read(0, Math.min(bytes.size, longestLine)));
  const names = (
    Buffer.from(start)
      .toString("utf8")
      .replace(/^\uFEFF/, "")
      .split(/\r?\n/)[0] ?? ""
  )
    .split(/[,;\t]/)
    .map((name) => name.trim().replaceAll('"', ""));
  return (
    imageColumns.some((name) => names.includes(name)) && labelColumns.some((name) => names.includes(name))
  );
}

/** Lines that are looked at to tell what a table is about. */
const linesLookedAt = 50;

/**
 * Whether the usual table of a folder gives images that are there other labels than their folders' names: then the
 * folders are no classes.
 */
export function namesOtherClasses(data: string): boolean {
  const file = findCsv(data);
  if (file === null) return false;
  const where = { reader: "csv", file };
  const start = withBytes(where, (bytes) => bytes.read(0, Math.min(bytes.size, longestLine)));
  const lines = Buffer.from(start).toString("utf8").split(/\r?\n/).slice(0, linesLookedAt);
  const delimiter = delimiterOf(lines[0]!);
  try {
    const [header = [], ...rows] = parseText(lines.slice(0, -1).join("\n"), {
      bom: true,
      delimiter,
      relax_column_count: true,
    }) as string[][];
    const { image, label } = columnsIn(
      where,
      header.map((field) => field.trim()),
      null,
    );
    const there = rows.filter((row) => fileOf(dirname(file), row[image]?.trim() ?? "").size > 0);
    return there.some((row) => {
      const folders = row[image]!.trim()
        .normalize("NFC")
        .split(/[\\/.]/);
      return !folders.includes(row[label]?.trim().normalize("NFC") ?? "");
    });
  } catch {
    return false; // no table that could be read
  }
}

function delimiterOf(firstLine: string): string {
  // The separator is the one of the first line, so that names may contain the others.
  return [",", ";", "\t"].find((one) => firstLine.includes(one)) ?? ",";
}

/**
 * The images that a table names, in its order. Names are paths from the table's folder; one without an ending gets
 * `.jpg` or `.png`, whichever is there. The first line names the columns; fields are separated by commas,
 * semicolons or tabs, and may be quoted. Labels are classes as they are written, numbers by their value. A column that
 * says train, validation or test for each image tells the official parts.
 *
 * @param columns names of the columns of files and labels; by default the usual ones
 * @throws Error when there is no such column, a line has no label, or an image is named twice
 */
export async function csvSource(
  file: string,
  columns: Columns | null,
  purpose: Purpose = "train",
): Promise<Source> {
  const where = { reader: "csv", file };
  const folder = dirname(file);
  const { rows, partColumn } = await readRows(where, columns);
  const numbers = rows.every(({ label }) => /^\d{1,9}$/.test(label));
  const labelFrom = (label: string) => (numbers ? Number(label) : label);
  const { classes, labelOf } = settleClasses(
    where,
    rows.map(({ label }) => labelFrom(label)),
    null,
    purpose,
  );
  const files = rows.map(({ file }) => fileOf(folder, file));
  const names = new Set<string>();
  for (const { name } of files) {
    if (names.has(name)) throw trouble(where, "name each image once", `${name} twice`, "remove a line");
    names.add(name);
  }
  const name = basename(file, extname(file));
  const parts =
    partColumn === null
      ? null
      : splitByColumn(
          partColumn,
          rows.map(({ part }) => part),
        );
  return {
    name,
    path: file,
    classes,
    channels: 3,
    total: rows.length,
    parts: parts?.split.parts ?? [],
    notes: parts === null ? [] : [`${basename(file)}: ${parts.note}`],
    files: [fileOf(folder, basename(file)), ...files],
    leftOut: leftOutBeside(file, names),
    task: `decoding the images of ${basename(file)}`,
    async *images(options): AsyncGenerator<SourceImage | BrokenImage> {
      const pathOf = (name: string) => (isAbsolute(name) ? name : join(folder, name));
      const decoded = inOrder(files, ({ name }) => decodeImage(pathOf(name), options), decodesAtOnce);
      let at = 0;
      for await (const result of decoded) {
        const { name } = files[at]!;
        const part = parts?.split.partOf(parts.named[at]!) ?? null;
        const label = labelOf.get(labelFrom(rows[at++]!.label))!;
        if (result.ok) yield { name, label, pixels: result.pixels, part };
        else yield { name, reason: result.reason };
      }
    },
  };
}

async function readRows(where: Where, columns: Columns | null): Promise<Table> {
  const { size, start } = withBytes(where, (bytes) => ({
    size: bytes.size,
    start: Buffer.from(bytes.read(0, Math.min(bytes.size, longestLine))).toString("utf8"),
  }));
  if (size === 0) throw trouble(where, "name the columns in its first line", "an empty file", "add it");
  const delimiter = delimiterOf(start.split(/\r?\n/)[0]!);
  const parser = parse({ bom: true, delimiter, max_record_size: longestLine, relax_column_count: true });
  const bytes = streamBytes(where.file);
  bytes.on("error", (error) => parser.destroy(error));
  const rows: Row[] = [];
  let at: { readonly image: number; readonly label: number } | null = null;
  let part = { at: -1, name: "" };
  try {
    for await (const record of bytes.pipe(parser) as AsyncIterable<readonly string[]>) {
      const fields = record.map((field) => field.trim());
      if (at === null) {
        at = columnsIn(where, fields, columns);
        const place = splitColumnIn(fields);
        if (place !== at.image && place !== at.label) part = { at: place, name: fields[place] ?? "" };
        continue;
      }
      if (fields.every((field) => field === "")) continue;
      const file = fields[at.image] ?? "";
      const label = fields[at.label] ?? "";
      if (file === "" || label === "") {
        throw trouble(
          where,
          "hold a file and a label in each line",
          `none in image ${rows.length + 1}`,
          "add it",
        );
      }
      if (file.includes("\0")) throw trouble(where, "hold names of files", "a zero byte in one", "repair it");
      if (rows.length >= mostRows)
        throw trouble(where, `name at most ${mostRows} images`, "more", "divide it");
      rows.push({ file, label, part: fields[part.at] ?? "" });
    }
  } catch (error) {
    throw explained(where, format, error);
  } finally {
    (bytes as import("node:fs").ReadStream).destroy();
  }
  if (rows.length === 0) throw trouble(where, "name images", "none", "add a line for each image");
  return { rows, partColumn: part.at < 0 ? null : part.name };
}

function columnsIn(where: Where, header: readonly string[], columns: Columns | null) {
  const find = (names: readonly string[]) => {
    const plain = (name: string) => name.normalize("NFC").toLowerCase();
    const lower = header.map(plain);
    return names.map((name) => lower.indexOf(plain(name))).find((at) => at >= 0) ?? -1;
  };
  const image = find(columns === null ? imageColumns : [columns.image]);
  const label = find(columns === null ? labelColumns : [columns.label]);
  if (image >= 0 && label >= 0 && image !== label) return { image, label };
  const wanted = columns ?? { image: "file", label: "label" };
  const got = header.slice(0, 10).join(", ").slice(0, 200);
  const must = `have columns "${wanted.image}" and "${wanted.label}"`;
  throw trouble(where, must, got, "name them by --columns FILE,LABEL");
}

/**
 * What lies beside the table and beside the images that it names, and is not read. Folders without an image of the table
 * are only named: what is below them may be anything.
 * @param names of the images, from the table's folder on
 */
function leftOutBeside(file: string, names: ReadonlySet<string>): LeftOut[] {
  const folder = resolve(dirname(file));
  const named = new Set([resolve(file)]);
  const above = new Set([folder]);
  for (const name of names) {
    const path = resolve(folder, name);
    named.add(path);
    for (let at = dirname(path); at.startsWith(`${folder}${sep}`) && !above.has(at); at = dirname(at)) {
      above.add(at);
    }
  }
  const listing = emptyListing();
  const unlisted = "folders that cannot be listed";
  const walk = (below: string) => {
    const path = join(folder, below);
    let entries: ReturnType<typeof visible>;
    try {
      entries = visible(path, below, path, listing.leftOut);
    } catch {
      listing.leftOut.add(unlisted, `${below}/`); // its images may be read all the same
      return;
    }
    for (const entry of entries) {
      const name = pathBelow(below, entry.name);
      const full = join(path, entry.name);
      if (!entry.isFolder) {
        if (!named.has(full)) add(listing, folder, below, entry);
      } else if (above.has(full)) walk(name);
      else if (firstBelow(full) === "image") {
        listing.leftOut.add("folders of images that the table does not name", `${name}/`);
      }
    }
  };
  walk("");
  for (const { file: image } of listing.images) {
    listing.leftOut.add("images that the table does not name", image.name);
  }
  return listing.leftOut.list();
}

const endings = ["", ".jpg", ".png", ".jpeg"];

/** A missing file is listed too: it is reported as an image that cannot be opened. */
function fileOf(folder: string, name: string): SourceFile {
  // A name with accents looks the same whether they are composed or not; which of them the disk has is up to who wrote it.
  const spellings = new Set([name, name.normalize("NFC"), name.normalize("NFD")]);
  for (const spelled of spellings) {
    for (const ending of endings) {
      const full = `${spelled}${ending}`;
      const stats = statsOf(isAbsolute(full) ? full : join(folder, full));
      if (stats?.isFile()) {
        return { name: full, size: stats.size, mtimeMs: stats.mtimeMs, mode: stats.mode };
      }
    }
  }
  return { name, size: 0, mtimeMs: 0, mode: 0 };
}

/** Null for what is not there, or cannot be: a name that is too long. */
function statsOf(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

export const csv: DatasetKind<"csv"> = {
  name: "csv",
  find(data) {
    const file = findCsv(resolve(data));
    if (file === null) return null;
    return {
      data: resolve(data),
      size: () => null,
      open: (columns, purpose) => csvSource(file, columns, purpose),
    };
  },
};
