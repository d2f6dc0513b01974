// The inner loops of the fused pass: crop, flip and normalization of one image, and holes of one colour.
import type { Hole } from "./cutout.ts";
import type { ImageShape } from "./layout.ts";

/**
 * The bits of floats. They are moved as 32-bit integers: the engine would otherwise widen each float to double
 * precision and narrow it again, which takes twice as long.
 */
export function bitsOf(floats: Float32Array): Int32Array {
  return new Int32Array(floats.buffer, floats.byteOffset, floats.length);
}

/** The part of a crop that lies in the image, in elements. */
interface Window {
  readonly rows: number;
  readonly columns: number;
  /** First byte of the window's first pixel as the target has it. */
  readonly source: number;
  /** From a row of the image to the next. */
  readonly sourceRow: number;
  /** From a column of the target to the next; negative where the crop is mirrored. */
  readonly step: number;
  /** First element of the window in channel 0 of the target. */
  readonly target: number;
  /** Width of the crop. */
  readonly width: number;
  /** Height times width of the crop. */
  readonly plane: number;
}

/**
 * Bytes through the table into floats.
 *
 * Plain functions that take an image whole: as closures over the shape, or called for each row, they run at half
 * the speed once there is a second pipeline.
 */
type CopyWindow = (image: Uint8Array, table: Int32Array, target: Int32Array, window: Window) => void;

/** Red, green and blue: each byte is touched once, in order, four pixels at a time. */
const copyColour: CopyWindow = (image, table, target, window) => {
  const { rows, columns, sourceRow, step, width, plane } = window;
  const plane2 = (2 * plane) | 0;
  for (let y = 0; y < rows; y++) {
    let from = (window.source + y * sourceRow) | 0;
    let to = (window.target + y * width) | 0;
    const end = (to + columns) | 0;
    for (const last = (end - 3) | 0; to < last; to = (to + 4) | 0) {
      const r0 = image[from]!;
      const g0 = image[from + 1]!;
      const b0 = image[from + 2]!;
      from = (from + step) | 0;
      const r1 = image[from]!;
      const g1 = image[from + 1]!;
      const b1 = image[from + 2]!;
      from = (from + step) | 0;
      const r2 = image[from]!;
      const g2 = image[from + 1]!;
      const b2 = image[from + 2]!;
      from = (from + step) | 0;
      const r3 = image[from]!;
      const g3 = image[from + 1]!;
      const b3 = image[from + 2]!;
      from = (from + step) | 0;
      target[to] = table[r0]!;
      target[to + 1] = table[r1]!;
      target[to + 2] = table[r2]!;
      target[to + 3] = table[r3]!;
      const green = (to + plane) | 0;
      target[green] = table[256 | g0]!;
      target[green + 1] = table[256 | g1]!;
      target[green + 2] = table[256 | g2]!;
      target[green + 3] = table[256 | g3]!;
      const blue = (to + plane2) | 0;
      target[blue] = table[512 | b0]!;
      target[blue + 1] = table[512 | b1]!;
      target[blue + 2] = table[512 | b2]!;
      target[blue + 3] = table[512 | b3]!;
    }
    for (; to < end; to = (to + 1) | 0) {
      target[to] = table[image[from]!]!;
      target[to + plane] = table[256 | image[from + 1]!]!;
      target[to + plane2] = table[512 | image[from + 2]!]!;
      from = (from + step) | 0;
    }
  }
};

/** Any number of channels, one after the other. */
const copyChannels =
  (channels: number): CopyWindow =>
  (image, table, target, window) => {
    const { rows, columns, sourceRow, step, width, plane } = window;
    for (let c = 0; c < channels; c++) {
      const base = c << 8;
      for (let y = 0; y < rows; y++) {
        let from = (window.source + c + y * sourceRow) | 0;
        let to = (window.target + c * plane + y * width) | 0;
        for (const end = (to + columns) | 0; to < end; to = (to + 1) | 0) {
          target[to] = table[base | image[from]!]!;
          from = (from + step) | 0;
        }
      }
    }
  };

/** Where a crop lies in its image, and whether it is mirrored. */
interface View {
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
}

/**
 * A function that writes one crop: bytes [height, width, channels] become floats [channels, height, width] by the
 * table, mirrored where asked for. Rows and columns outside the image become zero.
 * @param input shape of the images
 * @param output shape of the crops, with as many channels
 * @param table bits of the float of each byte in each channel, [channels, 256]
 */
export function cropPass(input: ImageShape, output: ImageShape, table: Int32Array) {
  const { height, width, channels } = output;
  const plane = height * width;
  const copyWindow = channels === 3 ? copyColour : copyChannels(channels);
  return (
    image: Uint8Array,
    imageOffset: number,
    { top, left, flip }: View,
    target: Int32Array,
    targetOffset: number,
  ): void => {
    // Rows and, before the flip, columns [first, end) of the crop lie in the image. No Math.max: it gives -0.
    const firstRow = top < 0 ? Math.min(height, -top) : 0;
    const endRow = Math.max(firstRow, Math.min(height, input.height - top));
    const first = left < 0 ? Math.min(width, -left) : 0;
    const end = Math.max(first, Math.min(width, input.width - left));
    const rows = endRow - firstRow;
    const columns = end - first;
    if (rows < height || columns < width) target.fill(0, targetOffset, targetOffset + channels * plane);
    // A mirrored row is read from its right end.
    const row = top + firstRow;
    const column = left + (flip ? end - 1 : first);
    copyWindow(image, table, target, {
      rows,
      columns,
      source: imageOffset + (row * input.width + column) * channels,
      sourceRow: input.width * channels,
      step: flip ? -channels : channels,
      target: targetOffset + firstRow * width + (flip ? width - end : first),
      width,
      plane,
    });
  };
}

const oneFloat = new Float32Array(1);
const itsBits = bitsOf(oneFloat);

/** Paints holes into one image, with the float `values[c]` in channel c. */
export function paintHoles(
  holes: readonly Hole[],
  { height, width, channels }: ImageShape,
  values: readonly number[],
  target: Int32Array,
  targetOffset: number,
): void {
  for (let c = 0; c < channels; c++) {
    oneFloat[0] = values[c]!;
    const bits = itsBits[0]!;
    for (let index = 0; index < holes.length; index++) {
      const { top, bottom, left, right, runs } = holes[index]!;
      if (runs !== undefined) {
        for (let run = 0; run < runs.length; run += 3) {
          const row = targetOffset + (c * height + runs[run]!) * width;
          target.fill(bits, row + runs[run + 1]!, row + runs[run + 2]!);
        }
        continue;
      }
      for (let y = top; y < bottom; y++) {
        const row = (targetOffset + (c * height + y) * width) | 0;
        const end = (row + right) | 0;
        for (let at = (row + left) | 0; at < end; at = (at + 1) | 0) target[at] = bits;
      }
    }
  }
}
