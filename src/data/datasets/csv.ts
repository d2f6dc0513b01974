// A table of labels (CSV or TSV): a line an image, with the file's name and its label.
import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, join, resolve } from "node:path";
import { parse } from "csv-parse";
import { streamBytes, withBytes } from "../formats/byte-file.ts";
import { explained, trouble, type Where } from "../formats/trouble.ts";
import { decodeImage, decodesAtOnce } from "../images/image.ts";
import { inOrder } from "../images/in-order.ts";
import type { Columns } from "./columns.ts";
import type { DatasetKind, Purpose } from "./kind.ts";
import { settleClasses } from "./labels.ts";
import type { BrokenImage, Source, SourceFile, SourceImage } from "./source.ts";

const format = "a table of labels";
const imageColumns = ["file", "file_name", "filename", "image", "image_path", "path", "image_id", "id"];
const labelColumns = ["label", "labels", "class", "class_name", "category", "target", "breed", "species"];
/** Characters of one line. */
const longestLine = 65_536;
const mostRows = 50_000_000;

interface Row {
  readonly file: string;
  readonly label: string;
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

/**
 * The images that a table names, in its order. Names are paths from the table's folder; one without an ending gets
 * `.jpg` or `.png`, whichever is there. The first line names the columns; fields are separated by commas,
 * semicolons or tabs, and may be quoted. Labels are classes as they are written, numbers by their value.
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
  const rows = await readRows(where, columns);
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
  return {
    name,
    path: file,
    classes,
    channels: 3,
    total: rows.length,
    parts: [],
    files: [fileOf(folder, basename(file)), ...files],
    task: `decoding the images of ${basename(file)}`,
    async *images(options): AsyncGenerator<SourceImage | BrokenImage> {
      const pathOf = (name: string) => (isAbsolute(name) ? name : join(folder, name));
      const decoded = inOrder(files, ({ name }) => decodeImage(pathOf(name), options), decodesAtOnce);
      let at = 0;
      for await (const result of decoded) {
        const { name } = files[at]!;
        const label = labelOf.get(labelFrom(rows[at++]!.label))!;
        if (result.ok) yield { name, label, pixels: result.pixels, part: null };
        else yield { name, reason: result.reason };
      }
    },
  };
}

async function readRows(where: Where, columns: Columns | null): Promise<Row[]> {
  const delimiters = [",", ";", "\t"];
  const { size, start } = withBytes(where, (bytes) => ({
    size: bytes.size,
    start: Buffer.from(bytes.read(0, Math.min(bytes.size, longestLine))).toString("utf8"),
  }));
  if (size === 0) throw trouble(where, "name the columns in its first line", "an empty file", "add it");
  // The separator is the one of the first line, so that names may contain the others.
  const firstLine = start.split(/\r?\n/)[0]!;
  const delimiter = delimiters.find((one) => firstLine.includes(one)) ?? ",";
  const parser = parse({ bom: true, delimiter, max_record_size: longestLine, relax_column_count: true });
  const bytes = streamBytes(where.file);
  bytes.on("error", (error) => parser.destroy(error));
  const rows: Row[] = [];
  let at: { readonly image: number; readonly label: number } | null = null;
  try {
    for await (const record of bytes.pipe(parser) as AsyncIterable<readonly string[]>) {
      const fields = record.map((field) => field.trim());
      if (at === null) {
        at = columnsIn(where, fields, columns);
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
      rows.push({ file, label });
    }
  } catch (error) {
    throw explained(where, format, error);
  } finally {
    (bytes as import("node:fs").ReadStream).destroy();
  }
  if (rows.length === 0) throw trouble(where, "name images", "none", "add a line for each image");
  return rows;
}

function columnsIn(where: Where, header: readonly string[], columns: Columns | null) {
  const find = (names: readonly string[]) => {
    const lower = header.map((name) => name.toLowerCase());
    return names.map((name) => lower.indexOf(name.toLowerCase())).find((at) => at >= 0) ?? -1;
  };
  const image = find(columns === null ? imageColumns : [columns.image]);
  const label = find(columns === null ? labelColumns : [columns.label]);
  if (image >= 0 && label >= 0 && image !== label) return { image, label };
  const wanted = columns ?? { image: "file", label: "label" };
  const got = header.slice(0, 10).join(", ").slice(0, 200);
  const must = `have columns "${wanted.image}" and "${wanted.label}"`;
  throw trouble(where, must, got, "name them by --columns FILE,LABEL");
}

const endings = ["", ".jpg", ".png", ".jpeg"];

/** A missing file is listed too: it is reported as an image that cannot be opened. */
function fileOf(folder: string, name: string): SourceFile {
  for (const ending of endings) {
    const path = isAbsolute(name) ? `${name}${ending}` : join(folder, `${name}${ending}`);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isFile()) {
      return { name: `${name}${ending}`, size: stats.size, mtimeMs: stats.mtimeMs, mode: stats.mode };
    }
  }
  return { name, size: 0, mtimeMs: 0, mode: 0 };
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
