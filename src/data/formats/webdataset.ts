// Samples out of a WebDataset shard: files of a tar that share a name up to the first dot (github.com/webdataset).
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { type ExtractEvents, extract } from "tar-stream";
import type { Columns } from "../datasets/columns.ts";
import type { Label } from "../datasets/labels.ts";
import { isAddress, isPacked, readAddress } from "../http/remote-file.ts";
import { streamBytes } from "./byte-file.ts";
import { explained, trouble, type Where } from "./trouble.ts";

export interface Sample {
  /** Path in the shard, up to the first dot of the name. */
  readonly key: string;
  /** An encoded image; null when there is none. */
  readonly image: Uint8Array | null;
  readonly label: Label | null;
  /** Why there is no image or no label. */
  readonly problem: string | null;
}

const imageEndings = ["jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "avif", "bmp", "ppm"];
const labelKeys = ["label", "cls", "class", "class_id", "class_name", "target", "category"];
const largestImage = 2 ** 26;
const largestText = 2 ** 20;
const format = "a tar shard";

/**
 * The samples of a shard in their order; bytes of one sample in memory at a time. Nothing is written anywhere.
 *
 * @param fields endings of the files of the image and the label (`jpg`, `cls`), or a key in the sample's `.json`;
 *   the usual ones when null
 * @param onBytes is told how many bytes have been read since the last time
 * @param onFields is told the fields of the first sample that has a `.json`, with their values as texts
 * @throws Error when the shard is cut short, damaged, or has a path that leads out of it
 */
export async function* samplesOf(
  where: Where,
  fields: Columns | null = null,
  onBytes: (count: number) => void = () => {},
  onFields: (fields: ReadonlyMap<string, string>) => void = () => {},
): AsyncGenerator<Sample> {
  let open = null as OpenSample | null;
  let told = false;
  const done = (sample: OpenSample): Sample => {
    const json = told ? undefined : sample.texts.get("json");
    if (json !== undefined) onFields(fieldsIn(json));
    told ||= json !== undefined;
    return finished(sample, fields);
  };
  for await (const { name, size, read } of membersOf(where, onBytes)) {
    // The key is the path up to the first dot of the name itself.
    const [, key, ending] = /^((?:.*\/)?[^./]+)\.([^/]*)$/s.exec(name) ?? [];
    if (key === undefined || ending === undefined) continue;
    if (open !== null && open.key !== key) yield done(open);
    if (open?.key !== key) open = { key, image: null, texts: new Map(), tooLarge: false };
    const role = roleOf(ending.toLowerCase(), fields);
    if (role === null) continue;
    if (role.image) {
      if (open.image !== null && open.image.rank === role.rank) {
        throw trouble(where, "hold each file of a sample once", `${JSON.stringify(name.slice(0, 80))} twice`);
      }
      if (open.image !== null && open.image.rank < role.rank) continue;
      open.tooLarge = size > largestImage;
      if (!open.tooLarge) open.image = { rank: role.rank, bytes: await read() };
    } else if (size <= largestText) {
      open.texts.set(ending.toLowerCase(), Buffer.from(await read()).toString("utf8"));
    }
  }
  if (open !== null) yield done(open);
}

interface OpenSample {
  readonly key: string;
  image: { readonly rank: number; readonly bytes: Uint8Array } | null;
  readonly texts: Map<string, string>;
  tooLarge: boolean;
}

/** Of several images the one of lowest rank counts: `a.jpg` before `a.mask.png`. */
type Role = { readonly image: true; readonly rank: number } | { readonly image: false };

function roleOf(ending: string, fields: Columns | null): Role | null {
  if (fields !== null && ending === fields.image.toLowerCase()) return { image: true, rank: -1 };
  if (["cls", "json", "txt", fields?.label.toLowerCase()].includes(ending)) return { image: false };
  const rank = imageEndings.indexOf(ending);
  if (rank >= 0) return { image: true, rank };
  const last = imageEndings.indexOf(ending.split(".").at(-1)!);
  return last >= 0 ? { image: true, rank: imageEndings.length + last } : null;
}

function finished({ key, image, texts, tooLarge }: OpenSample, fields: Columns | null): Sample {
  const label = labelIn(texts, fields);
  const size = tooLarge ? `an image of more than ${largestImage} bytes` : "no image";
  const problem = image === null ? size : label === null ? "no label (.cls, or a label in .json)" : null;
  return { key, image: image?.bytes ?? null, label, problem };
}

function labelIn(texts: ReadonlyMap<string, string>, fields: Columns | null): Label | null {
  const text = texts.get(fields?.label.toLowerCase() ?? "cls");
  if (text !== undefined) return asLabel(text);
  const json = texts.get("json");
  if (json === undefined) return null;
  try {
    const values: unknown = JSON.parse(json);
    // The whole file may be the label.
    if (typeof values === "number" || typeof values === "string") return asLabel(String(values));
    if (typeof values !== "object" || values === null) return null;
    const key = (fields === null ? labelKeys : [fields.label]).find((key) => Object.hasOwn(values, key));
    const value = key === undefined ? null : (values as Record<string, unknown>)[key];
    return typeof value === "number" || typeof value === "string" ? asLabel(String(value)) : null;
  } catch {
    return null;
  }
}

function fieldsIn(json: string): ReadonlyMap<string, string> {
  try {
    const values: unknown = JSON.parse(json);
    if (typeof values !== "object" || values === null) return new Map();
    return new Map(Object.entries(values).map(([field, value]) => [field, String(value)]));
  } catch {
    return new Map();
  }
}

/** Whole numbers are numbers, anything else is a name; longer than a line is neither. */
function asLabel(text: string): Label | null {
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed);
  return trimmed === "" || trimmed.length > 200 || /[\r\n]/.test(trimmed) ? null : trimmed;
}

interface Member {
  readonly name: string;
  readonly size: number;
  /** The content, if it is wanted; must be called before the next member is asked for. */
  read(): Promise<Uint8Array>;
}

/** The files in a tar, in their order; links, folders and devices are passed over. */
async function* membersOf(where: Where, onBytes: (count: number) => void): AsyncGenerator<Member> {
  const archive = extract();
  const end = { zeros: 0 };
  const packed = isPacked(where.file);
  const source = Readable.from(counted(where, onBytes), { objectMode: false, highWaterMark: 2 ** 18 });
  const plain = packed ? pipeline(source, createGunzip({ chunkSize: 2 ** 17 }), () => {}) : source;
  // Errors of each stage come out of the last one; this callback keeps them from being thrown twice.
  pipeline(Readable.from(watched(plain, end), { objectMode: false }), archive, () => {});
  try {
    for await (const entry of archive) {
      const { name, type, size } = entry.header;
      // The library takes a size it cannot read for null, and then waits for ever.
      if (!Number.isSafeInteger(size)) throw trouble(where, "say how long its files are", String(size));
      checkPath(where, name);
      if (type !== "file" && type !== "contiguous-file") {
        entry.resume();
        continue;
      }
      let used = false;
      const read = () => {
        used = true;
        return contentOf(where, entry, size);
      };
      yield { name, size, read };
      if (!used) entry.resume();
    }
    if (end.zeros < endBlocks) throw trouble(where, "be a whole tar shard", "one that is cut short");
  } catch (error) {
    throw explained(where, format, error);
  } finally {
    archive.destroy();
    source.destroy();
  }
}

type Entry = ExtractEvents["entry"][1];

async function contentOf(where: Where, entry: Entry, size: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of entry as AsyncIterable<Uint8Array>) parts.push(part);
  } catch (error) {
    throw explained(where, format, error);
  }
  return Buffer.concat(parts, size);
}

/** Nothing is unpacked, but a shard with such paths is made to do harm. */
function checkPath(where: Where, name: string): void {
  const parts = name.split(/[\\/]/);
  const leads = parts.includes("..") || /^([\\/]|[a-z]:[\\/])/i.test(name) || name.includes("\0");
  if (!leads) return;
  const got = JSON.stringify(name.slice(0, 80));
  throw trouble(where, "hold paths within the shard", got, "do not use it; nothing was unpacked");
}

async function* counted(where: Where, onBytes: (count: number) => void): AsyncGenerator<Uint8Array> {
  const bytes = isAddress(where.file)
    ? readAddress(where)
    : (streamBytes(where.file) as unknown as AsyncIterable<Uint8Array>);
  for await (const chunk of bytes) {
    onBytes(chunk.length);
    yield chunk;
  }
}

/** A tar ends with two blocks of zeros; without them it may have been cut between two files. */
const endBlocks = 1024;

async function* watched(
  bytes: AsyncIterable<Uint8Array>,
  end: { zeros: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    let zeros = 0;
    while (zeros < chunk.length && zeros < endBlocks && chunk[chunk.length - 1 - zeros] === 0) zeros++;
    end.zeros = zeros === chunk.length ? end.zeros + zeros : zeros;
    yield chunk;
  }
}
