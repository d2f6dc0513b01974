// The shipped networks: sizes the papers state, shapes, errors, and gradients of a whole network.
import { describe, expect, it } from "vitest";
import { gradients } from "../graph/grad.ts";
import { Graph } from "../graph/graph.ts";
import type { ReferenceArray } from "../graph/types.ts";
import { stream } from "../rng.ts";
import { evaluateReference } from "../runtime/reference.ts";
import { sizeOf } from "../tensor.ts";
import { batchNorm, classifier, conv, flatten, maxPool, relu, residual, sequential } from "./blocks.ts";
import { initialize } from "./init.ts";
import { inferLayer } from "./layers.ts";
import { buildNetwork, type ModelName, modelNames } from "./models.ts";
import { countParameters, forward, initialBuffers, initialParameters, network } from "./network.ts";
import { wideResnet } from "./wide-resnet.ts";

const rgb = (size: number) => ({ height: size, width: size, channels: 3 });

describe("sizes", () => {
  it("alexnet for two classes at 227x227 has 58,289,538 parameters", () => {
    const alexnet = buildNetwork("alexnet", { input: rgb(227), numClasses: 2, initialization: "original" });
    expect(countParameters(alexnet)).toBe(58_289_538);
    expect(alexnet.parameters.find(({ name }) => name === "fc6.weight")?.shape).toEqual([4096, 9216]);
  });

  it("resnet18 for ten classes has 11,173,962 parameters", () => {
    const resnet18 = buildNetwork("resnet18", { input: rgb(32), numClasses: 10, initialization: "original" });
    expect(countParameters(resnet18)).toBe(11_173_962);
  });

  // The paper's table 5 says 2.7M.
  it("wrn-16-4 for ten classes has 2,748,890 parameters", () => {
    const options = { input: rgb(32), numClasses: 10, initialization: "original" } as const;
    expect(countParameters(buildNetwork("wrn-16-4", options))).toBe(2_748_890);
    expect(countParameters(buildNetwork("wrn-16-4", { ...options, dropout: 0.3 }))).toBe(2_748_890);
  });

  it("wrn-16-4 halves its features twice and has a block's dropout between its convolutions", () => {
    const layer = wideResnet(10, 16, 4, 0.3);
    const layers = layer.kind === "sequential" ? layer.layers : [];
    const shapes: (readonly number[])[] = [[3, 32, 32]];
    for (const each of layers) shapes.push(inferLayer(each, shapes.at(-1) as [number, number, number]));
    expect(shapes.slice(1, 9)).toEqual([
      [16, 32, 32],
      [64, 32, 32],
      [64, 32, 32],
      [128, 16, 16],
      [128, 16, 16],
      [256, 8, 8],
      [256, 8, 8],
      [256, 8, 8],
    ]);
    const text = JSON.stringify(layer);
    const order =
      /conv1","outChannels":64.*?"kind":"relu"\},(\{"kind":"dropout","probability":0.3\}),\{"kind":"conv","name":"group1.0.conv2"/;
    expect(text).toMatch(order);
    expect(text.match(/"dropout"/g)).toHaveLength(6);
    expect(JSON.stringify(wideResnet(10, 16, 4, 0))).not.toContain("dropout");
  });

  it.each([28, 32, 33, 64, 96])("resnet9 takes grey and colour images of %i pixels", (size) => {
    for (const channels of [1, 3]) {
      const input = { height: size, width: size, channels };
      expect(
        buildNetwork("resnet9", { input, numClasses: 7, initialization: "he" }).parameters.length,
      ).toBeGreaterThan(0);
    }
  });

  it("names each parameter once", () => {
    for (const name of modelNames) {
      const { parameters, buffers } = buildNetwork(name, {
        input: rgb(227),
        numClasses: 3,
        initialization: "he",
      });
      const names = [...parameters, ...buffers].map((spec) => spec.name);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

describe("errors", () => {
  it("images that are too small", () => {
    const build = () => buildNetwork("alexnet", { input: rgb(48), numClasses: 2, initialization: "he" });
    expect(build).toThrow(/alexnet: images of 48x48 are too small for it .*use a larger size/);
  });

  it("an unknown name", () => {
    const build = () =>
      buildNetwork("vgg" as ModelName, { input: rgb(32), numClasses: 2, initialization: "he" });
    expect(build).toThrow("model: must be one of alexnet, resnet18, resnet9, wrn-16-4, got vgg");
  });

  it("one class", () => {
    const build = () => buildNetwork("resnet9", { input: rgb(32), numClasses: 1, initialization: "he" });
    expect(build).toThrow("resnet9: needs two classes or more, got 1");
  });
});

describe("dropout", () => {
  const build = (name: ModelName, dropout: number) => () =>
    buildNetwork(name, { input: rgb(96), numClasses: 2, initialization: "he", dropout });
  it("of a network that has none", () => {
    expect(build("resnet18", 0)).not.toThrow();
    expect(build("resnet18", 0.3)).toThrow("resnet18: dropout must be 0 except for wrn-16-4, got 0.3");
  });
  it.each([-0.1, 1, Number.NaN])("of %d", (dropout) => {
    expect(build("wrn-16-4", dropout)).toThrow(
      `wrn-16-4: dropout must be a number >= 0 and < 1, got ${dropout}`,
    );
  });
});

describe("initialization", () => {
  it("alexnet's own and He's have the deviations and biases of the sources", () => {
    const statistics = (initialization: "original" | "he", name: string) => {
      const { parameters } = buildNetwork("alexnet", { input: rgb(96), numClasses: 2, initialization });
      const { shape, init } = parameters.find((spec) => spec.name === name)!;
      const { data } = initialize(name, shape, init, 3);
      const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
      return { mean, std: Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length) };
    };
    expect(statistics("original", "conv1.weight").std).toBeCloseTo(0.01, 3);
    expect(statistics("original", "fc7.weight").std).toBeCloseTo(0.005, 4);
    expect(statistics("original", "conv2.bias").mean).toBeCloseTo(0.1, 6);
    expect(statistics("original", "conv3.bias").mean).toBe(0);
    expect(statistics("he", "conv2.weight").std).toBeCloseTo(Math.sqrt(2 / (96 * 25)), 3);
    expect(statistics("he", "conv2.bias").mean).toBe(0);
  });

  it("depends on the seed and the name alone", () => {
    const small = buildNetwork("resnet9", { input: rgb(28), numClasses: 2, initialization: "he" });
    const large = buildNetwork("resnet9", { input: rgb(64), numClasses: 2, initialization: "he" });
    const weights = (net: typeof small, seed: number) =>
      initialParameters(net, seed).get("layer2.conv.weight")!.data;
    expect(weights(small, 1)).toEqual(weights(large, 1));
    expect(weights(small, 1)).not.toEqual(weights(small, 2));
  });
});

it("gradients of a whole network with all layers agree with central differences", () => {
  const input = { height: 6, width: 5, channels: 2 };
  const layer = sequential(
    conv("a", 4, 3, 1, 1),
    batchNorm("an"),
    relu,
    maxPool(3, 2),
    residual(sequential(conv("b", 4, 3, 1, 1), batchNorm("bn"))),
    { kind: "dropout", probability: 0.25 },
    { kind: "globalAvgPool" },
    flatten,
    classifier("c", 3),
    { kind: "scale", factor: 0.5 },
  );
  const net = network("small", input, 3, layer);
  const g = new Graph();
  const rng = stream(5, "network");
  const feeds = new Map<string, ReferenceArray>();
  const given = (name: string, shape: readonly number[], data: Float64Array) => {
    feeds.set(name, { shape, data });
    return g.input(name, "float32", shape);
  };
  const normals = (shape: readonly number[]) =>
    Float64Array.from({ length: sizeOf(shape) }, () => rng.normal());
  const images = given("images", [4, 2, 6, 5], normals([4, 2, 6, 5]));
  const parameters = new Map(
    [...initialParameters(net, 1)].map(([name, { shape, data }]) => [
      name,
      given(name, shape, Float64Array.from(data)),
    ]),
  );
  const buffers = new Map(
    [...initialBuffers(net)].map(([name, { shape, data }]) => [
      name,
      given(name, shape, Float64Array.from(data)),
    ]),
  );
  feeds.set("seed", { shape: [1], data: Float64Array.of(77) });
  const seed = g.input("seed", "int32", [1]);
  const { logits } = forward(g, net, images, { training: true, parameters, buffers, seed });
  const targets = g.constant("float32", [3, 4], Float32Array.of(1, 0, 0, 0.5, 0, 1, 0, 0.5, 0, 0, 1, 0));
  const loss = g.apply("crossEntropy", [logits, targets], { labelSmoothing: 0.1 });
  g.output("loss", loss);
  gradients(g, loss, [...parameters.values()]).forEach((value, index) => {
    g.output(`d${index}`, value);
  });
  const results = evaluateReference(g, feeds);
  [...parameters.keys()].forEach((name, index) => {
    const { shape, data } = feeds.get(name)!;
    for (const at of [0, Math.floor(data.length / 2), data.length - 1]) {
      const moved = (by: number) => {
        const changed = data.slice();
        changed[at]! += by;
        return evaluateReference(g, new Map(feeds).set(name, { shape, data: changed })).get("loss")!.data[0]!;
      };
      const difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      expect(results.get(`d${index}`)!.data[at], `${name}[${at}]`).toBeCloseTo(difference, 6);
    }
  });
});
