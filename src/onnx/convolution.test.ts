// The nodes of an exported convolution against the sum of the definition, in a bare ONNX Runtime session.
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import type { Sides } from "../graph/types.ts";
import { outputSize } from "../graph/window.ts";
import type { Convolution } from "../nn/window.ts";
import { stream } from "../rng.ts";
import { addConvolution } from "./convolution.ts";
import { NodeList } from "./nodes.ts";
import { encodeModel } from "./proto.ts";

const windowOf = ({ kernel, stride, padding }: Convolution) => ({
  kernel,
  stride,
  padding,
  dilation: [1, 1] as const,
});

function directSum(x: Float32Array, images: number, convolution: Convolution): Float64Array {
  const [channels, height, width] = convolution.input;
  const { weight, bias, kernel, stride, padding, groups } = convolution;
  const inner = channels / groups;
  const [rows, columns] = outputSize(windowOf(convolution), [height, width]);
  const sums = new Float64Array(images * bias.length * rows * columns);
  for (let at = 0; at < sums.length; at++) {
    const [column, row] = [at % columns, Math.floor(at / columns) % rows];
    const filter = Math.floor(at / (rows * columns)) % bias.length;
    const image = Math.floor(at / (rows * columns * bias.length));
    let sum = bias[filter]!;
    for (let i = 0; i < kernel[0]; i++) {
      for (let j = 0; j < kernel[1]; j++) {
        const [y, z] = [row * stride[0] + i - padding[0], column * stride[1] + j - padding[1]];
        if (y < 0 || y >= height || z < 0 || z >= width) continue;
        const group = Math.floor(filter / (bias.length / groups));
        for (let c = 0; c < inner; c++) {
          const tap = ((filter * inner + c) * kernel[0] + i) * kernel[1] + j;
          sum += x[((image * channels + group * inner + c) * height + y) * width + z]! * weight[tap]!;
        }
      }
    }
    sums[at] = sum;
  }
  return sums;
}

interface Case {
  readonly input: Convolution["input"];
  readonly filters: number;
  readonly kernel: readonly [number, number];
  readonly stride?: number;
  readonly padding: Sides;
  readonly groups?: number;
  readonly byRows: boolean;
}

const cases: readonly Case[] = [
  { input: [64, 13, 9], filters: 66, kernel: [5, 5], padding: [2, 2, 2, 2], byRows: true },
  { input: [64, 12, 7], filters: 64, kernel: [5, 5], padding: [2, 2, 2, 2], byRows: true },
  { input: [70, 15, 6], filters: 64, kernel: [5, 3], padding: [1, 0, 3, 2], byRows: true },
  { input: [64, 18, 5], filters: 64, kernel: [5, 5], padding: [0, 0, 0, 0], byRows: true },
  { input: [64, 8, 8], filters: 64, kernel: [5, 5], padding: [2, 2, 2, 2], byRows: false },
  { input: [3, 16, 16], filters: 64, kernel: [5, 5], padding: [2, 2, 2, 2], byRows: false },
  { input: [64, 16, 8], filters: 64, kernel: [3, 3], padding: [1, 1, 1, 1], byRows: false },
  { input: [64, 27, 9], filters: 64, kernel: [5, 5], stride: 2, padding: [2, 2, 2, 2], byRows: false },
  { input: [128, 13, 9], filters: 128, kernel: [5, 5], padding: [2, 2, 2, 2], groups: 2, byRows: false },
];

describe("convolutions of exported models", () => {
  it.each(cases)("$filters filters $kernel over $input, padding $padding, are their sums", async (one) => {
    const rng = stream(3, "exported convolution", ...one.input);
    const normal = (length: number) => Float32Array.from({ length }, () => rng.normal());
    const images = 2;
    const groups = one.groups ?? 1;
    const convolution: Convolution = {
      input: one.input,
      weight: normal(((one.filters * one.input[0]) / groups) * one.kernel[0] * one.kernel[1]),
      bias: normal(one.filters),
      kernel: one.kernel,
      stride: [one.stride ?? 1, one.stride ?? 1],
      padding: one.padding,
      groups,
    };
    const nodes = new NodeList();
    const y = addConvolution(nodes, "x", convolution);
    nodes.addNamed("y", "Identity", [y]);
    const operators = nodes.nodes.map(({ op }) => op);
    expect(operators.filter((op) => op === "Conv")).toHaveLength(one.byRows ? 8 : 1);
    expect(nodes.nodes.every(({ domain }) => domain === "")).toBe(true);

    const size = outputSize(windowOf(convolution), [one.input[1], one.input[2]]);
    const bytes = encodeModel({
      name: "convolution",
      nodes: nodes.nodes,
      constants: nodes.constants,
      inputs: [{ name: "x", dtype: "float32", shape: ["N", ...one.input] }],
      outputs: [{ name: "y", dtype: "float32", shape: ["N", one.filters, ...size] }],
      metadata: {},
    });
    const session = await ort.InferenceSession.create(bytes as Uint8Array & { buffer: ArrayBuffer });
    const x = normal(images * one.input[0] * one.input[1] * one.input[2]);
    const results = await session.run({ x: new ort.Tensor("float32", x, [images, ...one.input]) });
    const found = results.y!.data as Float32Array;
    const sums = directSum(x, images, convolution);
    expect(found.length).toBe(sums.length);
    const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
    const error = norm(sums.map((sum, index) => sum - found[index]!)) / norm(sums);
    expect(error).toBeLessThan(one.byRows ? 2e-6 : 5e-7);
    await session.release();
  });
});
