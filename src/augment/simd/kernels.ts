// The inner loops of kernels.wat, where WebAssembly with 128-bit vectors is to be had.
import { instantiate, type Memory } from "./instance.ts";
import { kernelsModule } from "./kernels-module.ts";

/** Functions of kernels.wat, which says what they do. Addresses are bytes of the memory. */
interface Functions {
  cropColour(
    source: number,
    sourceRow: number,
    target: number,
    height: number,
    width: number,
    top: number,
    rows: number,
    left: number,
    columns: number,
    mirror: number,
    redScale: number,
    greenScale: number,
    blueScale: number,
    redShift: number,
    greenShift: number,
    blueShift: number,
  ): void;
  fillRectangle(target: number, row: number, rows: number, columns: number, value: number): void;
  blendRows(target: number, source: number, row: number, weights: number, pairs: number, bytes: number): void;
  blendColumns(target: number, row: number, taps: number, pairs: number, columns: number): void;
}

export interface Kernels extends Functions {
  /**
   * The memory whole, as bytes, floats and integers; other views after `reserve`. Nothing stays there between two uses.
   */
  bytes: Uint8Array;
  floats: Float32Array;
  words: Int16Array;
  integers: Int32Array;
  /** Makes room for so many bytes; false when there is not that much. */
  reserve(bytes: number): boolean;
}

const pageBytes = 65536;
/** More than this is not worth holding: larger images take the plain loops. */
const mostBytes = 64 * 2 ** 20;

let loaded: Kernels | null | undefined;

/** One for each thread; null where there is no WebAssembly with vectors, or it is forbidden to compile. */
export function kernels(): Kernels | null {
  if (loaded === undefined) {
    const exports = instantiate<Functions>(kernelsModule);
    loaded = exports === null ? null : withViews(exports);
  }
  return loaded;
}

/** Written out: an object that is spread from others is slow to read from. */
function withViews(exports: Functions & { readonly memory: Memory }): Kernels {
  const { memory } = exports;
  const found: Kernels = {
    cropColour: exports.cropColour,
    fillRectangle: exports.fillRectangle,
    blendRows: exports.blendRows,
    blendColumns: exports.blendColumns,
    bytes: new Uint8Array(memory.buffer),
    floats: new Float32Array(memory.buffer),
    words: new Int16Array(memory.buffer),
    integers: new Int32Array(memory.buffer),
    reserve(bytes) {
      const missing = bytes - found.bytes.length;
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
