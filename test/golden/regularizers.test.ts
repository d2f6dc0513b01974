// Layers that drop something give what torch and torchvision give on the same draws, and the same gradients.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { gradients } from "../../src/graph/grad.ts";
import { Graph } from "../../src/graph/graph.ts";
import {
  dropBlock,
  type Layer,
  maxDrop,
  maxPoolDropout,
  spatialDropout,
  stochasticDepth,
} from "../../src/nn/layers/index.ts";
import { forwardLayer } from "../../src/nn/tree.ts";
import { evaluateReference } from "../../src/runtime/reference.ts";
import { sizeOf } from "../../src/tensor.ts";

type Shape = readonly [number, number, number, number];

interface Golden {
  readonly seed: number;
  readonly salt: number;
  readonly probability: number;
  /** [N, C, H, W], as all shapes here. */
  readonly shape: Shape;
  readonly x: readonly number[];
  readonly cases: Readonly<
    Record<string, { readonly shape: Shape; readonly y: readonly number[]; readonly dx: readonly number[] }>
  >;
}

const golden = JSON.parse(readFileSync(new URL("regularizers.json", import.meta.url), "utf8")) as Golden;
const { probability: p } = golden;

const padded: Layer = { ...maxPoolDropout(p, 3, 2), padding: [1, 1, 1, 1] } as Layer;
const layers: Readonly<Record<string, { readonly layer: Layer; readonly training?: false }>> = {
  "dropblock 1": { layer: dropBlock(p, 1) },
  "dropblock 3": { layer: dropBlock(p, 3) },
  "dropblock 7": { layer: dropBlock(p) },
  "stochastic depth image": { layer: stochasticDepth(p, "image") },
  "stochastic depth batch": { layer: stochasticDepth(p, "batch") },
  "spatial dropout": { layer: spatialDropout(p) },
  "max drop map": { layer: maxDrop(p, "map") },
  "max drop channels": { layer: maxDrop(p, "channels") },
  "max-pooling dropout 2": { layer: maxPoolDropout(p, 2) },
  "max-pooling dropout 3": { layer: maxPoolDropout(p, 3, 2) },
  "weighted pooling 2": { layer: maxPoolDropout(p, 2), training: false },
  "weighted pooling 3 padded": { layer: padded, training: false },
};

/** [N, C, H, W] as [C, H, W, N]. */
function batchLast(data: readonly number[], [count]: Shape): Float64Array {
  const each = data.length / count;
  return Float64Array.from(
    { length: data.length },
    (_, at) => data[(at % count) * each + Math.floor(at / count)]!,
  );
}
const lastAxis = ([n, c, h, w]: Shape): Shape => [c, h, w, n];

test("every case has its layer", () => {
  expect(Object.keys(layers)).toEqual(Object.keys(golden.cases));
});

test.each(Object.entries(golden.cases))("%s", (name, { shape, y, dx }) => {
  const { layer, training = true } = layers[name]!;
  const g = new Graph();
  const [x, seed] = [g.input("x", "float32", lastAxis(golden.shape)), g.input("seed", "int32", [1])];
  const context = {
    g,
    training,
    parameter: () => expect.fail("no parameters"),
    buffer: () => expect.fail("no buffers"),
    updateBuffer: () => {},
    seed,
    nextSalt: () => golden.salt,
  };
  const output = forwardLayer(context, layer, x);
  expect(output.shape).toEqual(lastAxis(shape));
  const weights = batchLast(
    Array.from({ length: sizeOf(shape) }, (_, at) => (at % 7) - 2),
    shape,
  );
  const product = g.apply("mul", [output, g.constant("float32", output.shape, Float32Array.from(weights))]);
  const sum = g.apply("reduceSum", [product], { axes: [0, 1, 2, 3] });
  g.output("y", output);
  g.output("dx", gradients(g, g.apply("reshape", [sum], { shape: [1] }), [x])[0]!);
  const results = evaluateReference(
    g,
    new Map([
      ["x", { shape: x.shape, data: batchLast(golden.x, golden.shape) }],
      ["seed", { shape: [1], data: Float64Array.of(golden.seed) }],
    ]),
  );
  // Factors such as 1 / (1 - p) are float32 in the graph.
  const near = (actual: Float64Array, expected: Float64Array) =>
    actual.forEach((value, at) => {
      expect(Math.abs(value - expected[at]!), `${at}`).toBeLessThan(1e-6);
    });
  near(results.get("y")!.data, batchLast(y, shape));
  near(results.get("dx")!.data, batchLast(dx, golden.shape));
});
