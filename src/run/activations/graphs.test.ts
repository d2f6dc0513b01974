import { expect, test } from "vitest";
import { Graph } from "../../graph/graph.ts";
import type { ReferenceArray } from "../../graph/types.ts";
import {
  batchNorm,
  conv,
  flatten,
  globalAvgPool,
  type Layer,
  linear,
  maxPool,
  relu,
  residual,
  sequential,
} from "../../nn/layers/index.ts";
import { initialBuffers, initialParameters, type Network, network } from "../../nn/network.ts";
import { resnet9Layers } from "../../nn/networks/resnet9.ts";
import { forwardEvaluation, unitsOf } from "../../nn/units.ts";
import { type Rng, stream } from "../../rng.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { evaluateReference } from "../../runtime/reference.ts";
import { type Tensor, tensor } from "../../tensor.ts";
import { createPredictor } from "../../train/step.ts";
import { gradCamGraph, magnitudeGraph, magnitudeOutput, type NetworkWeights, weightFeeds } from "./graphs.ts";
import { gradCams, innerNetwork } from "./networks.ts";

const runtime = nodeRuntime({ threads: 1 });

const normals = (rng: Rng, count: number) => Float32Array.from({ length: count }, () => rng.normal());

/** Weights as if trained: nothing is 0 or 1, and variances are above 0. */
function trained(of: Network): NetworkWeights {
  const moved = (values: ReadonlyMap<string, Tensor>, by: (rng: Rng, value: number) => number) =>
    new Map(
      [...values].map(([name, { shape, data }]): [string, Tensor] => {
        const rng = stream(1, name);
        return [
          name,
          tensor(
            "float32",
            shape,
            Float32Array.from(data, (value) => by(rng, value)),
          ),
        ];
      }),
    );
  return {
    parameters: moved(initialParameters(of, 1), (rng, value) => value + 0.2 * rng.normal()),
    buffers: moved(initialBuffers(of), (rng, value) => value + 0.5 * rng.uniform()),
  };
}

const doubles = (feeds: Readonly<Record<string, Tensor>>): Map<string, ReferenceArray> =>
  new Map(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]),
  );

test("magnitudes of a network that can be computed by hand: |a|, averaged over the positions of a map", async () => {
  const layers = sequential(
    conv("a", 2, 1, 1, 0),
    relu,
    conv("b", 1, 1, 1, 0),
    globalAvgPool,
    flatten,
    linear("c", 2),
  );
  const small = network("hand", { height: 2, width: 2, channels: 1 }, 2, layers);
  const weight = (shape: readonly number[], ...values: number[]) =>
    tensor("float32", shape, Float32Array.from(values));
  const parameters = new Map([
    ["a.weight", weight([2, 1, 1, 1], 1, -2)],
    ["b.weight", weight([1, 2, 1, 1], 1, -1)],
    ["c.weight", weight([2, 1], 3, -1)],
    ["c.bias", weight([2], 0.5, 0)],
  ]);
  const given = new Map(
    small.parameters.map(({ name, shape }) => [
      name,
      parameters.get(name) ?? weight(shape, ...new Array<number>(shape[0]!).fill(0)),
    ]),
  );
  const inner = await innerNetwork({
    network: small,
    weights: { parameters: given, buffers: new Map() },
    layers: unitsOf(small).units,
    batchSize: 3,
    runtime,
  });
  // a: max(0, x) and max(0, -2x); b: their difference, x or 2x; c: 3 and -1 times the mean of b.
  const images = Float32Array.of(1, 2, -1, -4, 0, 0, 0, -2);
  const { logits, magnitudes } = await inner.activations(images, 2);
  expect([...magnitudes[0]!.subarray(0, 4)]).toEqual([3 / 4, 10 / 4, 0, 1]);
  expect([...magnitudes[1]!.subarray(0, 2)]).toEqual([(1 + 2 + 2 + 8) / 4, 4 / 4]);
  const means = [(1 + 2 - 2 - 8) / 4, -4 / 4];
  const expected = means.flatMap((mean) => [3 * mean + 0.5, -mean]);
  expect([...logits]).toEqual(expected);
  // A layer without positions: its values themselves.
  expect([...magnitudes[2]!.subarray(0, 4)]).toEqual(expected.map(Math.abs));
  await inner.close();
});

const rgb = { height: 28, width: 28, channels: 3 };
const tiny = network("tiny", rgb, 3, resnet9Layers(3, 2, 28));

test("of ResNet-9: as the plain reference has them in double precision, and logits as those of validation", async () => {
  const weights = trained(tiny);
  const { units } = unitsOf(tiny);
  const count = 2;
  const images = normals(stream(2, "images"), count * 3 * 28 * 28);
  const shape = [count, 3, 28, 28];
  const names = units.map(({ name }) => name);
  const feeds = { ...weightFeeds(weights), images: tensor("float32", shape, images) };
  const reference = evaluateReference(magnitudeGraph(tiny, names, count), doubles(feeds));
  const inner = await innerNetwork({ network: tiny, weights, layers: units, batchSize: count, runtime });
  const { logits, magnitudes } = await inner.activations(images, count);
  for (const [index, values] of magnitudes.entries()) {
    const exact = reference.get(magnitudeOutput(index))!.data;
    expect(values.length).toBe(exact.length);
    values.forEach((value, at) => {
      expect(Math.abs(value - exact[at]!)).toBeLessThan(1e-4 * Math.max(1, exact[at]!));
    });
  }
  const predictor = await createPredictor({ network: tiny, ...weights, batchSize: count, runtime });
  const answers = await predictor.predict(images, count);
  logits.forEach((value, at) => {
    expect(value).toBeCloseTo(answers[at]!, 4);
  });
  await inner.close();
  await predictor.close();
});

/** Grad-CAM of one image by its formula, the gradient by central differences, all in double precision. */
function camByDifferences(
  of: Network,
  layer: string,
  feeds: Readonly<Record<string, Tensor>>,
  label: number,
) {
  const { units, rest } = unitsOf(of);
  const at = units.findIndex(({ name }) => name === layer);
  const shape = units[at]!.output as readonly [number, number, number];
  const graph = (layers: readonly Layer[], input: readonly number[]) => {
    const g = new Graph();
    const declare = (prefix: string, specs: Network["parameters"] | Network["buffers"]) =>
      new Map(specs.map((spec) => [spec.name, g.input(prefix + spec.name, "float32", spec.shape)]));
    const weights = {
      parameters: declare("parameter ", of.parameters),
      buffers: declare("buffer ", of.buffers),
    };
    const x = g.input("x", "float32", input);
    g.output("y", forwardEvaluation(g, sequential(...layers), x, weights));
    return (data: Float64Array) =>
      evaluateReference(g, new Map([...doubles(feeds), ["x", { shape: input, data }]])).get("y")!.data;
  };
  const { channels, height, width } = of.input;
  const before = graph(
    units.slice(0, at + 1).map((unit) => unit.layer),
    [channels, height, width, 1],
  );
  const after = graph([...units.slice(at + 1).map((unit) => unit.layer), rest], [...shape, 1]);
  const features = before(Float64Array.from(feeds.images!.data));
  const step = 1e-6;
  const gradient = features.map((_, index) => {
    const moved = (by: number) =>
      after(features.map((value, each) => (each === index ? value + by : value)))[label]!;
    return (moved(step) - moved(-step)) / (2 * step);
  });
  const positions = shape[1] * shape[2];
  return Float64Array.from({ length: positions }, (_, position) => {
    let sum = 0;
    for (let k = 0; k < shape[0]; k++) {
      const own = gradient.subarray(k * positions, (k + 1) * positions);
      const alpha = own.reduce((total, each) => total + each, 0) / positions;
      sum += alpha * features[k * positions + position]!;
    }
    return Math.max(0, sum);
  });
}

const mixed = network(
  "mixed",
  { height: 6, width: 5, channels: 2 },
  3,
  sequential(
    conv("first", 4, 3, 1, 1),
    batchNorm("first.bn"),
    relu,
    residual(sequential(conv("block.0", 4, 3, 1, 1), relu, conv("block.1", 4, 3, 1, 1))),
    maxPool(2, 2),
    conv("last", 5, 1, 1, 0),
    flatten,
    linear("linear", 3),
  ),
);

test.each([
  ["first", mixed],
  ["block", mixed],
  ["last", mixed],
  ["layer3.residual", tiny],
])("Grad-CAM in %s agrees with central differences in double precision", async (layer, of) => {
  const weights = trained(of);
  const { channels, height, width } = of.input;
  const size = channels * height * width;
  const count = 3;
  const images = normals(stream(5, layer), count * size);
  const labels = [2, 0, 1];
  const targets = Float32Array.from({ length: 9 }, (_, at) => Number(labels[Math.floor(at / 3)] === at % 3));
  const feeds = {
    ...weightFeeds(weights),
    images: tensor("float32", [count, channels, height, width], images),
    targets: tensor("float32", [count, 3], targets),
  };
  const cam = evaluateReference(gradCamGraph(of, layer, count), doubles(feeds)).get("cam")!.data;
  const options = { network: of, weights, layers: [], batchSize: 2, runtime };
  const computed = await gradCams(options, layer, images, labels);
  let positive = 0;
  for (const [image, label] of labels.entries()) {
    const own = images.slice(image * size, (image + 1) * size);
    const one = { ...weightFeeds(weights), images: tensor("float32", [1, channels, height, width], own) };
    const expected = camByDifferences(of, layer, one, label);
    positive += expected.filter((value) => value > 0).length;
    const scale = Math.max(...expected, 1e-3);
    expected.forEach((value, at) => {
      expect(Math.abs(cam[image * expected.length + at]! - value)).toBeLessThan(1e-6 * scale + 1e-8);
      expect(Math.abs(computed[image]!.values[at]! - value)).toBeLessThan(1e-3 * scale);
    });
  }
  expect(positive).toBeGreaterThan(0);
});
