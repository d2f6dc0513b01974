// The inner loops of kernels.wat, where WebAssembly with 128-bit vectors is to be had (all browsers since 2023, Node).
import { kernelsModule } from "./kernels-module.ts";

/** Functions of kernels.wat, which says what they do. Addresses are bytes of the memory. */
interface Functions {
  sumFloats(start: number, end: number): number;
  sumBytes(start: number, end: number): number;
  cropChannel(
    source: number,
    sourceRow: number,
    target: number,
    targetRow: number,
    rows: number,
    columns: number,
    masks: number,
    mirror: number,
    scale: number,
    shift: number,
  ): void;
  blendRows(target: number, source: number, row: number, weights: number, pairs: number, bytes: number): void;
  blendColumns(target: number, row: number, taps: number, pairs: number, columns: number): void;
}

export interface Kernels extends Functions {
  /** First byte of the memory that is free for images, a multiple of 16. Nothing stays there between two uses. */
  readonly start: number;
  /** The memory whole, as bytes, floats and 16-bit numbers; other views after `reserve`. */
  bytes: Uint8Array;
  floats: Float32Array;
  words: Int16Array;
  integers: Int32Array;
  /** Makes room for so many bytes from `start` on; false when there is not that much. */
  reserve(bytes: number): boolean;
}

const pageBytes = 65536;
/** More than this is not worth holding: larger images take the plain loops. */
const mostBytes = 64 * 2 ** 20;

interface Instance {
  readonly exports: Functions & {
    readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  };
}

/** What is used of the global `WebAssembly`, of which only browsers' types tell. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => Instance;
}

let loaded: Kernels | null | undefined;

/** One for each thread; null where there is no WebAssembly with vectors, or it is forbidden to compile. */
export function kernels(): Kernels | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

function load(): Kernels | null {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: WebAssemblyGlobal };
  if (WebAssembly === undefined) return null;
  try {
    const code = Uint8Array.from(atob(kernelsModule), (character) => character.charCodeAt(0));
    return withViews(new WebAssembly.Instance(new WebAssembly.Module(code)));
  } catch {
    return null;
  }
}

/** Written out: an object that is spread from others is slow to read from. */
function withViews({ exports }: Instance): Kernels {
  const { memory } = exports;
  const found: Kernels = {
    sumFloats: exports.sumFloats,
    sumBytes: exports.sumBytes,
    cropChannel: exports.cropChannel,
    blendRows: exports.blendRows,
    blendColumns: exports.blendColumns,
    start: pageBytes,
    bytes: new Uint8Array(memory.buffer),
    floats: new Float32Array(memory.buffer),
    words: new Int16Array(memory.buffer),
    integers: new Int32Array(memory.buffer),
    reserve(bytes) {
      const missing = pageBytes + bytes - found.bytes.length;
      if (missing <= 0) return true;
      if (bytes > mostBytes) return false;
      try {
        memory.grow(Math.ceil(missing / pageBytes));
      } catch {
        return false;
      }
      found.bytes = new Uint8Array(memory.buffer);
      found.floats = new Float32Array(memory.buffer);
      found.words = new Int16Array(memory.buffer);
      found.integers = new Int32Array(memory.buffer);
      return true;
    },
  };
  return found;
}
