import { expect, test } from "vitest";
import { buildNetwork } from "./build.ts";
import {
  batchNorm,
  conv,
  flatten,
  globalAvgPool,
  type Layer,
  linear,
  maxPool,
  relu,
  sequential,
} from "./layers/index.ts";
import { network } from "./network.ts";
import { networkNames } from "./networks/index.ts";
import { parametersOf } from "./tree.ts";
import { unitsOf } from "./units.ts";

const input = { height: 32, width: 32, channels: 3 };
const told = (name: (typeof networkNames)[number], side = 32) =>
  unitsOf(
    buildNetwork(name, { input: { height: side, width: side, channels: 3 }, numClasses: 10 }),
  ).units.map(({ name: unit, output }) => `${unit} ${output.join("x")}`);

test("residual blocks are units, as in Figure 4; a convolution alone has its normalization and ReLU with it", () => {
  expect(told("resnet18")).toEqual([
    "conv1 64x32x32",
    "layer1.0 64x32x32",
    "layer1.1 64x32x32",
    "layer2.0 128x16x16",
    "layer2.1 128x16x16",
    "layer3.0 256x8x8",
    "layer3.1 256x8x8",
    "layer4.0 512x4x4",
    "layer4.1 512x4x4",
    "linear 10",
  ]);
  expect(told("resnet9")).toEqual([
    "prep 32x32x32",
    "layer1 64x32x32",
    "layer1.residual 64x16x16",
    "layer2 128x16x16",
    "layer3 256x8x8",
    "layer3.residual 256x4x4",
    "linear 10",
  ]);
  expect(told("wrn-16-4").at(-2)).toBe("group3.1 256x8x8");
  expect(told("alexnet", 227)).toEqual([
    "conv1 96x55x55",
    "conv2 256x27x27",
    "conv3 384x13x13",
    "conv4 384x13x13",
    "conv5 256x13x13",
    "fc6 4096",
    "fc7 4096",
    "fc8 10",
  ]);
});

test.each(networkNames)("the units of %s are its layers, in order, and have names of their own", (name) => {
  const built = buildNetwork(name, { input: { height: 227, width: 227, channels: 3 }, numClasses: 3 });
  const { units, rest } = unitsOf(built);
  const leaves = (layer: Layer): readonly Layer[] =>
    layer.kind === "sequential" ? layer.layers.flatMap(leaves) : [layer];
  expect([...units.flatMap(({ layer }) => leaves(layer)), ...leaves(rest)]).toEqual(leaves(built.layer));
  expect(new Set(units.map(({ name: unit }) => unit)).size).toBe(units.length);
});

test("a person's own nesting and names: sequences within sequences, pooling at either end, no dots", () => {
  const features = sequential(
    sequential(conv("f.a", 4, 3, 1, 1), batchNorm("f.an"), relu, maxPool(2, 2)),
    sequential(batchNorm("f.bn"), relu, conv("f.b", 5, 3, 1, 1)),
    conv("f.c", 10, 1, 1, 0),
  );
  const whole = network("own", input, 10, sequential(features, relu, globalAvgPool, flatten));
  const { units, rest } = unitsOf(whole);
  expect(units.map(({ name, output }) => `${name} ${output.join("x")}`)).toEqual([
    "f.a 4x32x32",
    "f.b 5x16x16",
    "f.c 10x16x16",
  ]);
  expect(rest).toEqual(sequential(globalAvgPool, flatten));
  const plain = network("plain", input, 10, sequential(flatten, linear("only", 10)));
  expect(unitsOf(plain).units.map(({ name }) => name)).toEqual(["only"]);
  expect(parametersOf(unitsOf(plain).units[0]!.layer, [3, 32, 32])).toHaveLength(2);
});
