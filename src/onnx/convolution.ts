// A convolution of an exported model as standard nodes over [N, C, H, W]: one Conv, or Winograd's algorithm by rows.
import { type Matrix, winogradTransforms } from "../graph/conv/winograd-transforms.ts";
import { outputSize } from "../graph/window.ts";
import type { Convolution } from "../nn/window.ts";
import type { NodeList } from "./nodes.ts";

/** Adds the nodes for x [N, C, H, W] and returns the name of the result. */
export function addConvolution(nodes: NodeList, x: string, convolution: Convolution): string {
  if (byRowsPays(convolution)) return addByRows(nodes, x, convolution);
  const { input, weight, bias, kernel, stride, padding, groups } = convolution;
  const operands = [
    x,
    nodes.constant("float32", [bias.length, input[0] / groups, ...kernel], weight),
    nodes.constant("float32", [bias.length], bias),
  ];
  return nodes.add("Conv", operands, {
    kernel_shape: kernel,
    strides: stride,
    pads: padding,
    dilations: [1, 1],
    group: groups,
  });
}

/** F(4, 5): 8 products for 4 rows of results, where the sum of the definition has 20. */
const transforms = winogradTransforms(4, 5);
const taps = transforms.kernel[0]!.length;

/**
 * Whether the products that are saved are worth the passes over the transformed rows. In AlexNet at batch 128 they are
 * from 13 rows on; with kernels of three rows little is left, for seven nodes more.
 */
function byRowsPays({
  input: [channels, height],
  bias,
  kernel,
  stride,
  padding,
  groups,
}: Convolution): boolean {
  const rows = height + padding[0] + padding[2] - taps + 1;
  return (
    groups === 1 &&
    kernel[0] === taps &&
    stride.every((one) => one === 1) &&
    Math.min(channels, bias.length) >= 64 &&
    rows >= 12
  );
}

/**
 * Winograd's F(m, r) along the columns of an image alone, every row of the kernel's transform being a convolution over
 * the rows: Y = A^T sum of (G w)_p * (B^T X)_p. Both transforms are one product with a constant that also does the
 * padding and the cutting into tiles of m rows, so any number of rows will do.
 */
function addByRows(
  nodes: NodeList,
  x: string,
  { input, weight, bias, kernel, padding }: Convolution,
): string {
  const [channels, height] = input;
  const { tile, patch, input: spread, kernel: weights, output } = transforms;
  const [rows] = outputSize({ kernel, padding, stride: [1, 1], dilation: [1, 1] }, [height, input[2]]);
  const tiles = Math.ceil(rows / tile);

  // [patch * tiles, height]: position p of tile t, from the rows t m + i of the padded image.
  const toPositions = new Float32Array(patch * tiles * height);
  // [rows, patch * tiles]: row t m + j, from the positions of tile t.
  const toRows = new Float32Array(rows * patch * tiles);
  for (let position = 0; position < patch; position++) {
    for (let t = 0; t < tiles; t++) {
      const at = position * tiles + t;
      for (let i = 0; i < patch; i++) {
        const row = t * tile + i - padding[0];
        if (row >= 0 && row < height) toPositions[at * height + row] = spread[position]![i]!;
      }
      for (let j = 0; j < tile && t * tile + j < rows; j++) {
        toRows[(t * tile + j) * patch * tiles + at] = output[j]![position]!;
      }
    }
  }

  const matrix = (data: Float32Array, columns: number) =>
    nodes.constant("float32", [data.length / columns, columns], data);
  const positions = nodes.add("MatMul", [matrix(toPositions, height), x]);
  const operands = nodes.addMany("Split", [positions], patch, { axis: 2, num_outputs: patch });
  // A^T spreads what is added at the point 1, whose powers are all 1, over every row.
  const one = output[0]!.findIndex((_, position) => output.every((row) => row[position] === 1));
  const products = operands.map((operand, position) => {
    const flat = transformedRows(weight, weights[position]!, kernel[1]);
    const filters = nodes.constant("float32", [bias.length, channels, 1, kernel[1]], flat);
    const biases = position === one ? [nodes.constant("float32", [bias.length], bias)] : [];
    return nodes.add("Conv", [operand, filters, ...biases], {
      kernel_shape: [1, kernel[1]],
      strides: [1, 1],
      pads: [0, padding[1], 0, padding[3]],
      dilations: [1, 1],
      group: 1,
    });
  });
  return nodes.add("MatMul", [matrix(toRows, patch * tiles), nodes.add("Concat", products, { axis: 2 })]);
}

/** The rows of every kernel as one, each times its coefficient: [K, C, rows, width] -> [K, C, 1, width]. */
function transformedRows(weight: Float32Array, coefficients: Matrix[number], width: number): Float32Array {
  const area = coefficients.length * width;
  return Float32Array.from({ length: weight.length / coefficients.length }, (_, index) => {
    const start = Math.floor(index / width) * area + (index % width);
    return coefficients.reduce(
      (sum, coefficient, row) => sum + coefficient * weight[start + row * width]!,
      0,
    );
  });
}
