// Regularizers among the layers of a network: where they come to stand, by which names, and what is refused.
import { describe, expect, it, test } from "vitest";
import { buildNetwork } from "./build.ts";
import { conv, flatten, type Layer, linear, maxPool, relu, residual, sequential } from "./layers/index.ts";
import { type Network, network } from "./network.ts";
import { networkNames } from "./networks/index.ts";
import { regularized } from "./regularize.ts";
import { type RegularizerInput, readRegularizer, regularizerNames, regularizers } from "./regularizers.ts";
import { unitsOf } from "./units.ts";

const input = { height: 32, width: 32, channels: 3 };
const builtOf = (name: (typeof networkNames)[number], side = 32) =>
  buildNetwork(name, { input: { height: side, width: side, channels: 3 }, numClasses: 10 });

const random = ["dropout", "spatialDropout", "dropBlock", "maxDrop", "maxPoolDropout", "stochasticDepth"];

/** The random layers of a tree, each after the name of the last layer with weights before it. */
function standing(layer: Layer): readonly string[] {
  let last = "images";
  const walk = (each: Layer): readonly string[] => {
    if (each.kind === "sequential") return each.layers.flatMap(walk);
    if (each.kind === "residual") return [...walk(each.body), ...walk(each.shortcut), "+"];
    if ("name" in each) last = each.name;
    return random.includes(each.kind) ? [`${last} ${each.kind}`] : [];
  };
  // Of residuals with nothing random inside nothing is said.
  return walk(layer).filter((each, at, all) => each !== "+" || all[at - 1]?.endsWith("stochasticDepth"));
}

const put = (net: Network, ...list: readonly RegularizerInput[]) =>
  regularized(net, list.map(readRegularizer));
const spec = (name: string, at: string, options = {}) => ({ name, at, options }) as RegularizerInput;

describe("where it stands", () => {
  it("is after the layer that it names: its normalization, ReLU and block included", () => {
    const net = builtOf("resnet9");
    expect(standing(put(net, spec("spatial-dropout", "layer3")))).toEqual(["layer3.bn spatialDropout"]);
    const { units } = unitsOf({ input, layer: put(net, spec("spatial-dropout", "layer1")) });
    // Layers are still told by the same names.
    expect(units.map(({ name }) => name)).toEqual(unitsOf(net).units.map(({ name }) => name));
    const { layer } = units[1]!;
    expect(layer.kind === "sequential" && layer.layers.map(({ kind }) => kind)).toEqual([
      "conv",
      "batchNorm",
      "relu",
      "spatialDropout",
    ]);
  });

  it("is every layer of a stage, every one where it can, or the last one", () => {
    const net = builtOf("resnet18");
    expect(standing(put(net, spec("dropblock", "layer3")))).toEqual([
      "layer3.0.shortcut.1 dropBlock",
      "layer3.1.bn2 dropBlock",
    ]);
    expect(standing(put(net, spec("max-drop", "last")))).toEqual(["layer4.1.bn2 maxDrop"]);
    expect(standing(put(net, spec("spatial-dropout", "all")))).toHaveLength(9);
    // A layer of this very name is meant before those that begin with it.
    expect(standing(put(builtOf("resnet9"), spec("dropout", "layer3")))).toEqual(["layer3.bn dropout"]);
  });

  it("takes values of any shape, but the answer of the network", () => {
    expect(standing(put(builtOf("alexnet", 227), spec("dropout", "fc6")))).toEqual([
      "fc6 dropout",
      "fc6 dropout",
    ]);
    expect(standing(put(builtOf("alexnet", 227), spec("dropout", "last"))).at(-1)).toBe("fc7 dropout");
  });

  it("stochastic depth: at the end of the branch, before the sum; its chance may rise to the last", () => {
    const net = builtOf("resnet18");
    const layer = put(net, spec("stochastic-depth", "all", { probability: 0.4, decay: "linear" }));
    expect(standing(layer).filter((each) => each !== "+")).toHaveLength(8);
    const text = JSON.stringify(layer);
    const chances = [...text.matchAll(/"stochasticDepth","probability":([\d.]+)/g)].map(([, p]) => Number(p));
    expect(chances).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((position) => (0.4 * position) / 8));
    const wide = put(builtOf("wrn-16-4"), spec("stochastic-depth", "group1.1"));
    expect(standing(wide)).toEqual(["group1.1.conv2 stochasticDepth", "+"]);
  });

  it("max-pooling dropout: in place of the max pools that follow the layer", () => {
    const alexnet = builtOf("alexnet", 227);
    const layer = put(alexnet, spec("max-pooling-dropout", "all", { probability: 0.3 }));
    expect(standing(layer).filter((each) => each.endsWith("maxPoolDropout"))).toEqual([
      "conv1 maxPoolDropout",
      "conv2 maxPoolDropout",
      "conv5 maxPoolDropout",
    ]);
    expect(JSON.stringify(layer)).not.toContain('"maxPool"');
    expect(JSON.stringify(layer)).toContain('"kernel":[3,3],"stride":[2,2]');
  });

  it("is one after the other where several stand at one place", () => {
    const layer = put(
      builtOf("resnet9"),
      spec("max-pooling-dropout", "layer3"),
      spec("dropblock", "layer3", { blockSize: 5 }),
      spec("dropout", "layer3"),
      spec("dropout", "layer3.residual"),
      spec("stochastic-depth", "layer3.residual"),
    );
    expect(standing(layer)).toEqual([
      "layer3.bn dropBlock",
      "layer3.bn dropout",
      "layer3.bn maxPoolDropout",
      "layer3.residual.1.bn stochasticDepth",
      "+",
      "layer3.residual.1.bn dropout",
    ]);
  });
});

test.each(networkNames)("%s keeps its parameters, buffers and answer with any of them", (name) => {
  const net = builtOf(name, 67);
  for (const regularizer of regularizerNames) {
    try {
      const regularize = [readRegularizer(spec(regularizer, "all"))];
      const { channels, height, width } = net.input;
      const with_ = buildNetwork(name, { input: { channels, height, width }, numClasses: 10, regularize });
      const { layer: _, ...same } = net;
      expect(with_).toMatchObject(same);
      expect(standing(with_.layer).length).toBeGreaterThan(standing(net.layer).length);
    } catch (error) {
      // Not every network has a pool or a residual.
      if (regularizers[regularizer].stand === "after") throw error;
      expect((error as Error).message).toMatch(/@all: cannot stand in /);
    }
  }
});

test("nothing to put in leaves the network as it is", () => {
  expect(buildNetwork("resnet9", { input, numClasses: 10, regularize: [] })).toEqual(builtOf("resnet9"));
});

describe("is refused in one line", () => {
  const residualNet = network(
    "own",
    input,
    10,
    sequential(
      conv("a", 4, 3, 1, 1),
      relu,
      maxPool(6, 6),
      residual(sequential(conv("b", 4, 3, 1, 1), conv("c", 4, 3, 1, 1))),
      flatten,
      linear("classes", 10),
    ),
  );
  const alexnet = builtOf("alexnet", 227);
  test.each<[Network, RegularizerInput, string]>([
    [
      residualNet,
      spec("dropout", "b.c"),
      "dropout@b.c: must stand at a layer of own: a, b, classes, last or all, got b.c",
    ],
    [
      builtOf("resnet18"),
      spec("dropblock", "layer5"),
      "dropblock@layer5: must stand at a layer of resnet18: conv1, layer1.0, layer1.1, layer2.0, layer2.1, layer3.0, layer3.1, layer4.0, layer4.1, linear, layer1, layer2, layer3, layer4, last or all, got layer5",
    ],
    [
      residualNet,
      spec("dropout", "classes"),
      "dropout@classes: cannot stand at classes: what comes out of it is the network's answer; it can at a, b",
    ],
    [
      alexnet,
      spec("spatial-dropout", "fc6"),
      "spatial-dropout@fc6: cannot stand at fc6: spatial dropout: needs [channels, height, width], got [4096]; it can at conv1, conv2, conv3, conv4, conv5",
    ],
    [
      alexnet,
      spec("stochastic-depth", "conv3"),
      "stochastic-depth@conv3: cannot stand at conv3: it has no branch beside a shortcut",
    ],
    [
      alexnet,
      spec("stochastic-depth", "all"),
      "stochastic-depth@all: cannot stand in alexnet: it has no branch",
    ],
    [
      alexnet,
      spec("max-pooling-dropout", "conv3"),
      "max-pooling-dropout@conv3: cannot stand at conv3: no max pool follows it; it can at conv1, conv2, conv5",
    ],
    [
      residualNet,
      spec("max-pooling-dropout", "a"),
      "max-pooling-dropout@a: cannot stand at a: max-pooling dropout: a window must have at most 25 values, got 6x6",
    ],
    [
      builtOf("resnet18"),
      spec("dropblock", "layer4.1", { blockSize: 5 }),
      "dropblock@layer4.1: cannot stand at layer4.1: drop block: a block must not be larger than the map [512, 4, 4], got 5",
    ],
    [
      builtOf("resnet18"),
      spec("dropblock", "all", { blockSize: 5 }),
      "dropblock@all: cannot stand at layer4.0: drop block: a block must not be larger than the map [512, 4, 4], got 5",
    ],
  ])("%#", (net, given, text) => {
    expect(() => put(net, given)).toThrow(text);
  });

  test("the same one twice at a place", () => {
    const twice = () => put(builtOf("resnet9"), spec("dropout", "layer2"), spec("dropout", "layer2"));
    expect(twice).toThrow("dropout@layer2: stands at layer2 already");
  });

  test("errors are about the field", () => {
    try {
      put(builtOf("resnet9"), spec("dropout", "nowhere"));
      expect.fail();
    } catch (error) {
      expect(error).toMatchObject({ field: "regularize", kind: "settings" });
    }
  });
});

test.each<[object, string]>([
  [{ name: "dropuot", at: "last" }, "must be one of dropout, spatial-dropout, dropblock, max-drop"],
  [{ name: "dropout" }, "dropout: must say where it stands, got nothing; write dropout@last"],
  [{ name: "dropout", at: "last", p: 1 }, "must be name, options and at, got p"],
  [
    { name: "dropout", at: "last", options: { probability: 1 } },
    "probability must be a number >= 0 and < 1, got 1",
  ],
  [
    { name: "dropblock", at: "last", options: { blockSize: 4 } },
    "blockSize must be an odd number from 1 to 999",
  ],
  [
    { name: "max-drop", at: "last", options: { over: "maps" } },
    'over must be "map" or "channels", got "maps"',
  ],
  [
    { name: "stochastic-depth", at: "last", options: { size: 1 } },
    "options must be among probability, per, decay",
  ],
])("%j is refused", (given, text) => {
  expect(() => readRegularizer(given)).toThrow(text);
});
