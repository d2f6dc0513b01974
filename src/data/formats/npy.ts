// The header of numpy's .npy format (numpy.lib.format: versions 1.0, 2.0 and 3.0).
// Our own, as it is one line: the array behind it is streamed, an image at a time.
import type { ByteReader } from "./byte-reader.ts";
import { type NumpyType, numpyType } from "./numpy-type.ts";
import { trouble, type Where } from "./trouble.ts";

export interface NpyHeader {
  readonly shape: readonly number[];
  readonly type: NumpyType;
  readonly fortranOrder: boolean;
  /** Bytes of the array, which follow. */
  readonly dataBytes: number;
}

/** Numpy's own limit is 10,000; real headers have about 100 characters. */
const longestHeader = 65_536;

/**
 * Reads the header; the reader then stands at the first byte of the array.
 * @throws Error when it is none, or the array is of anything but plain numbers (objects would be a pickle)
 */
export async function readNpyHeader(reader: ByteReader, where: Where): Promise<NpyHeader> {
  const start = Buffer.from(await reader.read(8));
  const [major] = start.subarray(6);
  if (start.toString("latin1", 0, 6) !== "\x93NUMPY" || major === undefined || major < 1 || major > 3) {
    throw trouble(where, "be an array in numpy's .npy format", "something else");
  }
  const sizeBytes = major === 1 ? 2 : 4;
  const length = Buffer.from(await reader.read(sizeBytes)).readUIntLE(0, sizeBytes);
  if (length > longestHeader) {
    throw trouble(where, `have a header of at most ${longestHeader} bytes`, `${length}`);
  }
  const header = Buffer.from(await reader.read(length)).toString("latin1");
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined) {
    throw trouble(where, "be an array of plain numbers", JSON.stringify(header.trim().slice(0, 120)));
  }
  let type: NumpyType;
  try {
    type = numpyType(descr);
  } catch {
    throw trouble(where, "be an array of plain numbers", `type ${JSON.stringify(descr)}`, "save it as such");
  }
  const shape = sizes.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  const dataBytes = shape.reduce((product, size) => product * size, type.bytes);
  if (!Number.isSafeInteger(dataBytes))
    throw trouble(where, "be an array", `the shape [${shape.join(", ")}]`);
  return { shape, type, fortranOrder: order === "True", dataBytes };
}
