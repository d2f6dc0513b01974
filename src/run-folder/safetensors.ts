// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes. Reader and writer.
// https://huggingface.co/docs/safetensors: little-endian, row-major, offsets relative to the end of the header, no gaps.

import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import { CutoutError } from "../error.ts";
import { type DataOf, type DType, type Shape, sizeOf, type Tensor } from "../tensor.ts";
import { withPlainFile } from "./plain-file.ts";

export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ReadTensorFile extends TensorFile {
  /** Whether the file's checksum fits all of its bytes; null when it has none by that name. */
  readonly intact: boolean | null;
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** First byte, counted from the end of the header. */
  readonly start: number;
  readonly end: number;
}

interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** As in the format's reference reader: a longer header is taken for a broken one. */
const longestHeader = 100_000_000;
const metadataKey = "__metadata__";
const zeros = "0".repeat(64);
/** The place of a checksum in the header. Within a text of JSON its quotes would be escaped, so that there is one such place. */
const beforeChecksum = (key: string) => `"${key}":"`;

const codes: { readonly [D in DType]: string } = { float32: "F32", int32: "I32", uint8: "U8", bool: "BOOL" };
const dtypes = new Map(Object.entries(codes).map(([dtype, code]) => [code, dtype as DType]));
const arrays: { readonly [D in DType]: new (buffer: ArrayBuffer) => DataOf[D] } = {
  float32: Float32Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};
const bytesOf: { readonly [D in DType]: number } = { float32: 4, int32: 4, uint8: 1, bool: 1 };

/**
 * The bytes of a safetensors file, in pieces: the tensors' own memory is handed out, not copied.
 * Opens in Python with `safetensors.numpy.load_file`.
 * @param checksumKey of the metadata: gets the SHA-256 of the whole file, as it is with zeros in the place of these digits
 * @throws when a tensor is called `__metadata__`.
 */
export function encodeTensors(file: TensorFile, checksumKey?: string): Uint8Array[] {
  if (file.tensors.has(metadataKey))
    throw new CutoutError({ where: "safetensors", what: `a tensor must not be called ${metadataKey}` });
  // Wide elements first, so that each tensor lies at a multiple of its element size.
  const ordered = [...file.tensors].sort(([, a], [, b]) => bytesOf[b.dtype] - bytesOf[a.dtype]);
  const header: [string, unknown][] = [
    [metadataKey, { ...file.metadata, ...(checksumKey !== undefined && { [checksumKey]: zeros }) }],
  ];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    header.push([name, { dtype: codes[dtype], shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, " ");
  text.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const bytes = ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (checksumKey !== undefined) {
    const hash = createHash("sha256");
    for (const piece of [length, padded, ...bytes]) hash.update(piece);
    const before = beforeChecksum(checksumKey);
    padded.write(hash.digest("hex"), padded.indexOf(before) + before.length, "latin1");
  }
  return [length, padded, ...bytes];
}

/**
 * Reads a safetensors file. Throws an error that names the file when it is missing, cut short, or breaks the format:
 * every offset, size and type is checked against the file's length before anything is allocated.
 */
export function readTensors(path: string, checksumKey?: string): ReadTensorFile {
  return withPlainFile(path, Number.POSITIVE_INFINITY, (file, { size }) => {
    if (size < 8) throw broken(path, `must begin with 8 bytes of header length, has ${size} bytes`);
    const first = readBytes(path, file, 0, 8);
    const length = Number(Buffer.from(first).readBigUInt64LE());
    if (length > Math.min(size - 8, longestHeader)) {
      throw broken(path, `the header must fit into the file's ${size} bytes, got a length of ${length}`);
    }
    const text = Buffer.from(readBytes(path, file, 8, length));
    const header = parseHeader(path, text, size - 8 - length);
    const checksum = checksumKey === undefined ? undefined : header.metadata[checksumKey];
    if (checksumKey !== undefined) {
      const at = text.indexOf(beforeChecksum(checksumKey));
      if (at >= 0) text.write(zeros, at + beforeChecksum(checksumKey).length, "latin1");
    }
    const hash = createHash("sha256").update(Buffer.from(first)).update(text);
    // In the order of the file, which has no gaps.
    const read = new Map<string, Tensor>();
    for (const { name, dtype, shape, start, end } of header.entries.toSorted(inFile)) {
      const bytes = readBytes(path, file, 8 + length + start, end - start);
      if (checksum !== undefined) hash.update(new Uint8Array(bytes));
      read.set(name, { dtype, shape, data: new arrays[dtype](bytes) } as Tensor);
    }
    const tensors = new Map(header.entries.map(({ name }) => [name, read.get(name)!]));
    return {
      tensors,
      metadata: header.metadata,
      intact: checksum === undefined ? null : checksum === hash.digest("hex"),
    };
  });
}

const inFile = (a: Entry, b: Entry) => a.start - b.start || a.end - b.end;

function parseHeader(path: string, bytes: Uint8Array, dataLength: number): Header {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw broken(path, "the header must be JSON");
  }
  if (!isObject(json)) throw broken(path, "the header must be a JSON object");
  const { [metadataKey]: metadata = {}, ...rest } = json;
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw broken(path, `${metadataKey} must map names to strings`);
  }
  const entries = Object.entries(rest).map(([name, entry]) => parseEntry(path, name, entry, dataLength));
  let covered = 0;
  for (const { name, start, end } of entries.toSorted(inFile)) {
    if (start !== covered) {
      throw broken(
        path,
        `tensor ${name} must begin where the one before it ends, at byte ${covered}, got ${start}`,
      );
    }
    covered = end;
  }
  if (covered !== dataLength) {
    throw broken(path, `the tensors must fill the ${dataLength} bytes after the header, got ${covered}`);
  }
  return { entries, metadata: metadata as Record<string, string> };
}

function parseEntry(path: string, name: string, entry: unknown, dataLength: number): Entry {
  if (!isObject(entry)) throw broken(path, `tensor ${name} must be described by an object`);
  const dtype = typeof entry.dtype === "string" ? dtypes.get(entry.dtype) : undefined;
  if (dtype === undefined) {
    throw broken(
      path,
      `tensor ${name} must have one of the types ${[...dtypes.keys()].join(", ")}, got ${entry.dtype}`,
    );
  }
  const { shape, data_offsets: offsets } = entry;
  if (!isNaturals(shape)) throw broken(path, `tensor ${name} must have a shape of whole numbers`);
  if (!isNaturals(offsets) || offsets.length !== 2)
    throw broken(path, `tensor ${name} must have two offsets`);
  const [start, end] = offsets as [number, number];
  if (start > end || end > dataLength) {
    throw broken(path, `tensor ${name} must lie within ${dataLength} bytes, got ${start} to ${end}`);
  }
  if (sizeOf(shape) * bytesOf[dtype] !== end - start) {
    throw broken(
      path,
      `tensor ${name} of shape [${shape.join(", ")}] must take ${sizeOf(shape) * bytesOf[dtype]} bytes, got ${end - start}`,
    );
  }
  return { name, dtype, shape, start, end };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}

function readBytes(path: string, file: number, position: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(file, bytes, done, Math.min(length - done, 2 ** 30), position + done);
    if (count === 0)
      throw broken(path, `ended at byte ${position + done}, ${position + length} were announced`);
    done += count;
  }
  return bytes.buffer;
}

function broken(path: string, what: string): Error {
  return new CutoutError({ where: path, what: `not a whole safetensors file, ${what}` });
}
