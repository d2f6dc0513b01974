// Variables of a Matlab file of version 5 (MathWorks, "MAT-File Format", Level 5), as streams of numbers.
// Our own, as a reader must not hold a file: SVHN's extra images are 1.3 GB, of which only headers are kept here.
import type { Readable } from "node:stream";
import { type ByteFile, streamBytes, withBytes } from "./byte-file.ts";
import { ByteReader } from "./byte-reader.ts";
import { checkDeflated, inflated } from "./inflate.ts";
import type { NumpyType } from "./numpy-type.ts";
import { explained, trouble, type Where } from "./trouble.ts";

/** A numeric array of a file; its data are still in the file. */
export interface MatVariable {
  readonly name: string;
  /** The first axis is the fastest. */
  readonly dims: readonly number[];
  readonly type: NumpyType;
  /** Bytes of the data. */
  readonly dataBytes: number;
  /** A reader that stands at the first byte of the data; close it. */
  open(): Promise<ByteReader>;
}

const miInt8 = 1;
const miInt32 = 5;
const miUint32 = 6;
const miMatrix = 14;
const miCompressed = 15;

/** Storage types of numbers; `bytes` to a number. */
const numberTypes: { readonly [code: number]: Pick<NumpyType, "kind" | "bytes"> } = {
  1: { kind: "int", bytes: 1 },
  2: { kind: "uint", bytes: 1 },
  3: { kind: "int", bytes: 2 },
  4: { kind: "uint", bytes: 2 },
  5: { kind: "int", bytes: 4 },
  6: { kind: "uint", bytes: 4 },
  7: { kind: "float", bytes: 4 },
  9: { kind: "float", bytes: 8 },
  12: { kind: "int", bytes: 8 },
  13: { kind: "uint", bytes: 8 },
};

/** Where an array lies: its element's bytes, packed or not. */
interface Element {
  readonly from: number;
  readonly to: number;
  readonly compressed: boolean;
}

const format = "a Matlab file of version 5";
/** Variables of one file; their headers are all that is kept. */
const mostVariables = 10_000;

/**
 * The numeric arrays of a file. Reads the headers alone; texts, cells, structures and sparse arrays are passed over.
 *
 * @throws Error when the file is cut short, damaged, or of version 7.3 (which is HDF5)
 */
export async function matVariables(where: Where): Promise<MatVariable[]> {
  const { elements, littleEndian } = withBytes(where, (file) => listElements(file, where));
  const found: MatVariable[] = [];
  for (const element of elements) {
    const reader = readerOf(where, element);
    try {
      const header = await readArrayHeader(reader, element, littleEndian, where);
      if (header === null) continue;
      const { start, ...variable } = header;
      const open = async () => {
        const again = readerOf(where, element);
        await again.skip(start);
        return again;
      };
      found.push({ ...variable, open });
    } catch (error) {
      throw explained(where, format, error);
    } finally {
      await reader.close();
    }
  }
  return found;
}

function listElements(file: ByteFile, where: Where): { elements: Element[]; littleEndian: boolean } {
  if (file.size < 136) throw trouble(where, `be ${format}`, `${file.size} bytes`);
  const header = Buffer.from(file.read(0, 128));
  const remedy = 'save it with "-v7" (Matlab) or scipy.io.savemat';
  if (header.toString("latin1", 0, 10) === "MATLAB 7.3") {
    throw trouble(where, `be ${format}`, "version 7.3", remedy);
  }
  const littleEndian = header.toString("latin1", 126, 128) === "IM";
  const bigEndian = header.toString("latin1", 126, 128) === "MI";
  const version = littleEndian ? header.readUInt16LE(124) : header.readUInt16BE(124);
  if ((!littleEndian && !bigEndian) || version !== 0x0100) {
    throw trouble(where, `be ${format}`, "something else", remedy);
  }
  const elements: Element[] = [];
  for (let at = 128; at < file.size; ) {
    const tag = Buffer.from(file.read(at, 8));
    const [type, length] = littleEndian
      ? [tag.readUInt32LE(0), tag.readUInt32LE(4)]
      : [tag.readUInt32BE(0), tag.readUInt32BE(4)];
    const compressed = type === miCompressed;
    const to = at + 8 + length;
    if (to > file.size) throw trouble(where, `have ${to} bytes or more`, `${file.size}: it is cut short`);
    if (compressed) elements.push({ from: at + 8, to, compressed });
    else if (type === miMatrix) elements.push({ from: at, to, compressed });
    if (elements.length > mostVariables) {
      throw trouble(where, `hold at most ${mostVariables} variables`, "more");
    }
    at = to;
  }
  return { elements, littleEndian };
}

function readerOf(where: Where, { from, to, compressed }: Element): ByteReader {
  const bytes = streamBytes(where.file, from, to);
  return new ByteReader(where, (compressed ? inflated("zlib", bytes) : bytes) as Readable);
}

interface Tag {
  readonly type: number;
  readonly length: number;
  /** Data of a small element, which lie in the tag itself. */
  readonly small: Uint8Array | null;
}

interface ArrayHeader extends Omit<MatVariable, "open"> {
  /** Where the data begin, in the element's unpacked bytes. Up to four bytes lie in their tag. */
  readonly start: number;
}

/** Null for an array that is not of numbers. */
async function readArrayHeader(
  reader: ByteReader,
  element: Element,
  littleEndian: boolean,
  where: Where,
): Promise<ArrayHeader | null> {
  const number = (bytes: Uint8Array, at: number) =>
    new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, littleEndian);
  const readTag = async (): Promise<Tag> => {
    const bytes = await reader.read(8);
    const first = number(bytes, 0);
    if (first >>> 16 === 0) return { type: first, length: number(bytes, 4), small: null };
    return { type: first & 0xffff, length: first >>> 16, small: bytes.slice(4) };
  };
  const readPart = async (what: string, type: number, longest: number): Promise<Uint8Array> => {
    const tag = await readTag();
    if (tag.type !== type || tag.length > longest || (tag.small !== null && tag.length > 4)) {
      throw trouble(where, `have ${what} in front of each array`, `type ${tag.type} of ${tag.length} bytes`);
    }
    if (tag.small !== null) return tag.small.subarray(0, tag.length);
    return (await reader.read(Math.ceil(tag.length / 8) * 8)).subarray(0, tag.length);
  };
  const outer = await readTag();
  if (outer.type !== miMatrix || outer.small !== null || outer.length === 0) return null;
  const flags = await readPart("flags", miUint32, 8);
  const arrayClass = (number(flags, 0) & 0xff) >>> 0;
  const complex = (number(flags, 0) & 0x0800) !== 0;
  if (arrayClass < 6 || arrayClass > 15 || complex) return null; // cells, structures, objects, texts, sparse
  const sizes = await readPart("dimensions", miInt32, 4 * 32);
  const dims = Array.from({ length: Math.floor(sizes.length / 4) }, (_, axis) => number(sizes, 4 * axis));
  const name = Buffer.from(await readPart("a name", miInt8, 256)).toString("latin1");
  const tag = await readTag();
  const stored = numberTypes[tag.type];
  const wanted = dims.reduce((product, size) => product * size, stored?.bytes ?? 1);
  if (stored === undefined || wanted !== tag.length || (tag.small !== null && tag.length > 4)) {
    throw trouble(
      where,
      `hold ${wanted} bytes for ${JSON.stringify(name)} [${dims.join(", ")}]`,
      `${tag.length} bytes of type ${tag.type}`,
    );
  }
  const packed = element.to - element.from;
  if (element.compressed) checkDeflated(where, name, tag.length, packed);
  else if (tag.length > packed) throw trouble(where, `hold ${tag.length} bytes for ${name}`, `${packed}`);
  const start = reader.position - (tag.small === null ? 0 : 4);
  return { name, dims, type: { ...stored, littleEndian }, dataBytes: tag.length, start };
}
