// Convolution as one matrix product with the patches of the image laid out as columns. Fits every geometry.
import type { Graph } from "../graph.ts";
import { reshape } from "../shape.ts";
import type { Value } from "../types.ts";
import { padSides, windowIndices } from "../window.ts";
import { type ConvAlgorithm, type ConvSpec, turnedSpec, turnedWeights } from "./spec.ts";

const product = (g: Graph, a: Value, b: Value, transposeA: boolean, transposeB: boolean) =>
  g.apply("matmul", [a, b], { transposeA, transposeB });

/** Rows of one group's channels as a matrix; with several groups a batch of matrices. */
function grouped(g: Graph, x: Value, groups: number, rows: number, columns: number): Value {
  return reshape(g, x, groups === 1 ? [rows, columns] : [groups, rows / groups, columns]);
}

/** [C,H,W,N] -> [C * kh * kw, Ho * Wo * N]: the pixels that meet each weight. */
function columnsOf(g: Graph, x: Value, spec: ConvSpec): Value {
  const { kernel, output, padding, inChannels, batch, groups } = spec;
  const positions = kernel[0] * kernel[1];
  const pixels = output[0] * output[1];
  const [top, left, bottom, right] = padding;
  const size = [spec.input[0] + top + bottom, spec.input[1] + left + right] as const;
  const padded = reshape(g, padSides(g, x, padding, 0), [inChannels, size[0] * size[1], batch]);
  const indices = windowIndices({ ...spec, padding: [0, 0, 0, 0] }, size, output);
  const patches = g.apply("gather", [padded, g.constant("int32", [indices.length], indices)], { axis: 1 });
  return grouped(g, patches, groups, inChannels * positions, pixels * batch);
}

const weightMatrix = (g: Graph, w: Value, { groups, outChannels }: ConvSpec) =>
  grouped(g, w, groups, outChannels, w.shape[1]! * w.shape[2]! * w.shape[3]!);

const outputMatrix = (g: Graph, y: Value, { groups, outChannels, output, batch }: ConvSpec) =>
  grouped(g, y, groups, outChannels, output[0] * output[1] * batch);

function forward(g: Graph, x: Value, w: Value, spec: ConvSpec): Value {
  const y = product(g, weightMatrix(g, w, spec), columnsOf(g, x, spec), false, false);
  return reshape(g, y, [spec.outChannels, ...spec.output, spec.batch]);
}

/** Pixels of the input that meet the same taps of the kernel when it moves by its stride. */
interface Phase {
  /** Indices into the input image. */
  readonly pixels: readonly number[];
  /** Indices into the kernel. */
  readonly taps: readonly number[];
}

function phasesOf({ input, kernel, stride, dilation, padding }: ConvSpec): Phase[] {
  const phases = new Map<string, { pixels: number[]; taps: number[] }>();
  for (let y = 0; y < input[0]; y++) {
    for (let x = 0; x < input[1]; x++) {
      const remainder = [(y + padding[0]) % stride[0], (x + padding[1]) % stride[1]] as const;
      const key = remainder.join();
      let phase = phases.get(key);
      if (!phase) {
        const meets = (axis: 0 | 1, at: number) => (at * dilation[axis]) % stride[axis] === remainder[axis];
        const taps = Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => tap).filter(
          (tap) => meets(0, Math.floor(tap / kernel[1])) && meets(1, tap % kernel[1]),
        );
        phase = { pixels: [], taps };
        phases.set(key, phase);
      }
      phase.pixels.push(y * input[1] + x);
    }
  }
  return [...phases.values()];
}

/** For each tap and pixel of a phase, the output that they share, or `nowhere`. */
function sharedOutputs(spec: ConvSpec, { pixels, taps }: Phase, nowhere: number): Int32Array {
  const { input, output, kernel, stride, dilation, padding } = spec;
  const indices = taps.flatMap((tap) =>
    pixels.map((pixel) => {
      const row =
        (Math.floor(pixel / input[1]) + padding[0] - Math.floor(tap / kernel[1]) * dilation[0]) / stride[0];
      const column = ((pixel % input[1]) + padding[1] - (tap % kernel[1]) * dilation[1]) / stride[1];
      const inside = row >= 0 && row < output[0] && column >= 0 && column < output[1];
      return inside ? row * output[1] + column : nowhere;
    }),
  );
  return Int32Array.from(indices);
}

/**
 * With a stride, each phase of pixels is a convolution of dy with its own taps: one product a phase, whose results
 * are then put in their places. Every product is needed, nothing is added up.
 */
function inputGradByPhases(g: Graph, dy: Value, w: Value, spec: ConvSpec): Value {
  const { inChannels, outChannels, kernel, input, output, batch, groups } = spec;
  const [inner, outer] = [inChannels / groups, outChannels / groups];
  const outputs = output[0] * output[1];
  const rows = g.apply("pad", [reshape(g, dy, [outChannels, outputs, batch])], {
    before: [0, 0, 0],
    after: [0, 1, 0],
    value: 0,
  });
  const weights = reshape(g, w, [groups, outer, inner, kernel[0] * kernel[1]]);
  const phases = phasesOf(spec);
  const parts = phases.map((phase) => {
    const { pixels, taps } = phase;
    if (taps.length === 0) {
      return g.apply("broadcast", [g.scalar(0)], { shape: [inChannels, pixels.length, batch] });
    }
    const indices = sharedOutputs(spec, phase, outputs);
    const columns = g.apply("gather", [rows, g.constant("int32", [indices.length], indices)], { axis: 1 });
    const chosen = g.apply("gather", [weights, g.constant("int32", [taps.length], Int32Array.from(taps))], {
      axis: 3,
    });
    const matrix = g.apply("transpose", [chosen], { permutation: [0, 2, 1, 3] });
    const dx = product(
      g,
      grouped(g, matrix, groups, inChannels, outer * taps.length),
      grouped(g, columns, groups, outChannels * taps.length, pixels.length * batch),
      false,
      false,
    );
    return reshape(g, dx, [inChannels, pixels.length, batch]);
  });
  const together = parts.length === 1 ? parts[0]! : g.apply("concat", parts, { axis: 1 });
  const order = new Int32Array(input[0] * input[1]);
  phases
    .flatMap(({ pixels }) => pixels)
    .forEach((pixel, place) => {
      order[pixel] = place;
    });
  const image = g.apply("gather", [together, g.constant("int32", [order.length], order)], { axis: 1 });
  return reshape(g, image, [inChannels, ...input, batch]);
}

export const im2col: ConvAlgorithm = {
  applies: () => true,
  forward,
  inputGrad(g, dy, w, spec) {
    const turned = turnedSpec(spec);
    return turned ? forward(g, dy, turnedWeights(g, w, spec), turned) : inputGradByPhases(g, dy, w, spec);
  },
  weightGrad(g, x, dy, spec) {
    const dw = product(g, outputMatrix(g, dy, spec), columnsOf(g, x, spec), false, true);
    return reshape(g, dw, [spec.outChannels, spec.inChannels / spec.groups, ...spec.kernel]);
  },
};
