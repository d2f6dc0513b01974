// Sliding windows over [C, H, W, N]: output sizes, and which pixels each position of the window reads.
import type { Graph } from "./graph.ts";
import type { Sides, Value } from "./types.ts";

export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: Sides;
  readonly dilation: readonly [number, number];
}

/** Output height and width; 0 or less when the window does not fit. */
export function outputSize(window: Window, input: readonly [number, number]): [number, number] {
  const [top, left, bottom, right] = window.padding;
  const along = (extent: number, axis: 0 | 1) =>
    Math.floor((extent - window.dilation[axis] * (window.kernel[axis] - 1) - 1) / window.stride[axis]) + 1;
  return [along(input[0] + top + bottom, 0), along(input[1] + left + right, 1)];
}

/** Pads height and width with `value`. */
export function padSides(g: Graph, x: Value, [top, left, bottom, right]: Sides, value: number): Value {
  if (top + left + bottom + right === 0) return x;
  return g.apply("pad", [x], { before: [0, top, left, 0], after: [0, bottom, right, 0], value });
}

/**
 * For each window position (row, column) and output pixel, in that order, the index of the pixel it reads
 * in an image of `size`; -1 where it lies outside. [kernel height * kernel width * output height * output width]
 */
export function windowIndices(
  window: Window,
  size: readonly [number, number],
  output: readonly [number, number],
) {
  const [top, left] = window.padding;
  const indices = new Int32Array(window.kernel[0] * window.kernel[1] * output[0] * output[1]);
  let at = 0;
  for (let i = 0; i < window.kernel[0]; i++) {
    for (let j = 0; j < window.kernel[1]; j++) {
      for (let y = 0; y < output[0]; y++) {
        const row = y * window.stride[0] + i * window.dilation[0] - top;
        for (let x = 0; x < output[1]; x++) {
          const column = x * window.stride[1] + j * window.dilation[1] - left;
          const inside = row >= 0 && row < size[0] && column >= 0 && column < size[1];
          indices[at++] = inside ? row * size[1] + column : -1;
        }
      }
    }
  }
  return indices;
}

/** The pixels that each window position reads, as kernel height * kernel width values [C, Ho, Wo, N]. */
export function windowParts(
  g: Graph,
  padded: Value,
  window: Window,
  output: readonly [number, number],
): Value[] {
  const [channels, , , count] = padded.shape as [number, number, number, number];
  const parts: Value[] = [];
  for (let i = 0; i < window.kernel[0]; i++) {
    for (let j = 0; j < window.kernel[1]; j++) {
      const [row, column] = [i * window.dilation[0], j * window.dilation[1]];
      parts.push(
        g.apply("slice", [padded], {
          starts: [0, row, column, 0],
          ends: [
            channels,
            row + (output[0] - 1) * window.stride[0] + 1,
            column + (output[1] - 1) * window.stride[1] + 1,
            count,
          ],
          steps: [1, window.stride[0], window.stride[1], 1],
        }),
      );
    }
  }
  return parts;
}
