// WebDataset shards as a source for the cache: local files and addresses, each read once from front to back.
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listed, withBytes } from "../formats/byte-file.ts";
import { trouble } from "../formats/trouble.ts";
import { type Sample, samplesOf } from "../formats/webdataset.ts";
import { headOf, isAddress } from "../http/remote-file.ts";
import { type DecodeOptions, decodeImage, decodesAtOnce } from "../images/image.ts";
import { inOrder } from "../images/in-order.ts";
import type { Columns } from "./columns.ts";
import type { DatasetKind, Purpose } from "./kind.ts";
import { type Label, mostClasses, settleClasses } from "./labels.ts";
import { officialSplit, partInName } from "./official-split.ts";
import { type FoundShards, findShards } from "./shards.ts";
import type { BrokenImage, Source, SourceFile, SourceImage } from "./source.ts";
import { splitColumnIn, tellsPart } from "./split-column.ts";

const reader = "webdataset";

/** How many shards are asked about at once, when they lie behind addresses. */
const headsAtOnce = 8;

/**
 * The samples of all shards, in the order of the shards. Labels are numbers or names, from `.cls` or `.json`. Shards
 * named `test` are the official test part, those named `val` where there is no other. A file `classnames.txt` (or
 * `classes.txt`) beside local shards names the classes, a line each.
 *
 * @param columns endings of the image and the label, or the label's key in `.json`; the usual ones when null
 * @throws Error when a shard is not there; later when one is cut short or damaged, or leads out of itself
 */
export async function webDatasetSource(
  { data, shards }: FoundShards,
  columns: Columns | null,
  purpose: Purpose = "train",
): Promise<Source> {
  const files = await filesOf(shards);
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const names = classNames(shards[0]!);
  const parts = shards.map((shard) => partInName(nameOf(shard)));
  const split = officialSplit(parts);
  const numbers = new Map<Label, number>();
  const progress = { bytes: 0, samples: 0, complete: false };
  const where = { reader, file: data };
  // An address is read once, from front to back: what its samples say is known when they come.
  const notes = isAddress(shards[0]!) ? [] : await notesOnFirst(shards[0]!);

  const numberOf = (label: Label): number => {
    const known = numbers.get(label);
    if (known !== undefined) return known;
    if (numbers.size >= mostClasses) throw trouble(where, `hold at most ${mostClasses} classes`, "more");
    numbers.set(label, numbers.size);
    return numbers.size - 1;
  };
  async function* samples(): AsyncGenerator<{ sample: Sample; shard: number }> {
    Object.assign(progress, { bytes: 0, samples: 0, complete: false });
    numbers.clear();
    for (const [shard, file] of shards.entries()) {
      const onBytes = (count: number) => {
        progress.bytes += count;
      };
      const onFields = (fields: ReadonlyMap<string, string>) => {
        if (notes.length === 0) notes.push(...splitNotes(fields));
      };
      for await (const sample of samplesOf({ reader, file }, columns, onBytes, onFields)) {
        progress.samples++;
        yield { sample, shard };
      }
    }
    progress.complete = true;
  }
  async function* images(options: DecodeOptions): AsyncGenerator<SourceImage | BrokenImage> {
    const decode = async ({ sample, shard }: { sample: Sample; shard: number }) => {
      const name = `${nameOf(shards[shard]!)}#${sample.key}`;
      if (sample.image === null || sample.label === null)
        return { name, reason: sample.problem ?? "incomplete" };
      const label = numberOf(sample.label);
      const result = await decodeImage(sample.image, options);
      if (!result.ok) return { name, reason: result.reason };
      return { name, label, pixels: result.pixels, part: split.partOf(parts[shard]!) };
    };
    yield* inOrder(samples(), decode, decodesAtOnce);
    if (progress.samples === 0)
      throw trouble(where, "hold samples", "none", "give shards with images and labels");
  }
  const name = basename(nameOf(data)).replace(/\.(tar|tgz|tar\.gz)$/i, "");
  return {
    name: name === "" ? reader : name,
    path: data,
    classes: [],
    channels: 3,
    get total() {
      const { bytes, samples, complete } = progress;
      if (complete) return samples;
      const guess = bytes === 0 ? totalBytes / guessedSampleBytes : (samples * totalBytes) / bytes;
      return Math.max(samples + 1, Math.round(guess));
    },
    parts: split.parts,
    notes,
    files,
    task: `decoding ${name} (a stream)`,
    settle() {
      const { classes, labelOf } = settleClasses(where, numbers.keys(), names, purpose);
      return { classes, places: [...numbers.keys()].map((label) => labelOf.get(label)!) };
    },
    images,
  };
}

/** A stream is divided before its samples are known: by the names of its shards, not by what the samples say. */
function splitNotes(fields: ReadonlyMap<string, string>): string[] {
  const names = [...fields.keys()];
  const name = names[splitColumnIn(names)];
  if (name === undefined || !tellsPart(name, fields.get(name)!.trim())) return [];
  return [
    `the field ${JSON.stringify(name)} in .json is not used to divide the images: the names of shards are (train-000000.tar, val-000000.tar, test-000000.tar)`,
  ];
}

/** The same of the first sample of a shard. */
async function notesOnFirst(file: string): Promise<string[]> {
  const notes: string[] = [];
  try {
    const onFields = (fields: ReadonlyMap<string, string>) => notes.push(...splitNotes(fields));
    for await (const _ of samplesOf({ reader, file }, null, () => {}, onFields)) break;
  } catch {
    // Told when all samples are read.
  }
  return notes;
}

/** Until the first bytes are read; the number of images is only guessed with it. */
const guessedSampleBytes = 50_000;

/** The last names of a path or an address: what tells shards apart for people. */
function nameOf(shard: string): string {
  return shard
    .replace(/[?#].*$/, "")
    .split(/[\\/]/)
    .slice(-2)
    .join("/");
}

async function filesOf(shards: readonly string[]): Promise<SourceFile[]> {
  const ask = async (file: string): Promise<SourceFile> => {
    if (!isAddress(file)) return { ...listed(reader, dirname(file), [basename(file)])[0]!, name: file };
    const { size, mtimeMs, tag } = await headOf({ reader, file });
    return { name: `${file} ${tag}`, size: size ?? 0, mtimeMs, mode: 0 };
  };
  const files: SourceFile[] = [];
  for await (const file of inOrder(shards, ask, headsAtOnce)) files.push(file);
  return files;
}

const largestNamesFile = 2 ** 24;

function classNames(shard: string): readonly string[] | null {
  if (isAddress(shard)) return null;
  const folders = [dirname(shard), dirname(dirname(shard))];
  const candidates = folders.flatMap((folder) =>
    ["classnames.txt", "classes.txt"].map((name) => join(folder, name)),
  );
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) return null;
  const text = withBytes({ reader, file }, (bytes) => bytes.read(0, Math.min(bytes.size, largestNamesFile)));
  const names = Buffer.from(text).toString("utf8").split(/\r?\n/);
  while (names.at(-1)?.trim() === "") names.pop();
  return names.map((name) => name.trim());
}

export const webDataset: DatasetKind<"webdataset"> = {
  name: "webdataset",
  find(data) {
    const found = findShards(data);
    return (
      found && {
        data: found.data,
        size: () => null,
        open: (columns, purpose) => webDatasetSource(found, columns, purpose),
      }
    );
  },
};
