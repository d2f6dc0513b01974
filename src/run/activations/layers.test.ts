import { expect, test } from "vitest";
import { buildNetwork } from "../../nn/build.ts";
import { conv, flatten, globalAvgPool, linear, maxPool, relu, sequential } from "../../nn/layers/index.ts";
import { network } from "../../nn/network.ts";
import { chosenLayers } from "./layers.ts";

const input = (side: number) => ({ height: side, width: side, channels: 3 });
const named = (...args: Parameters<typeof chosenLayers>) => chosenLayers(...args).map(({ name }) => name);

test("by default the last layer of each stage; of ResNet-18 the paper's blocks and the one before", () => {
  const usual = (name: Parameters<typeof buildNetwork>[0], side = 32) =>
    named(buildNetwork(name, { input: input(side), numClasses: 10 }), undefined);
  expect(usual("resnet18")).toEqual(["layer1.1", "layer2.1", "layer3.1", "layer4.1"]);
  expect(usual("wrn-16-4")).toEqual(["group1.1", "group2.1", "group3.1"]);
  expect(usual("resnet9", 64)).toEqual(["layer1", "layer2", "layer3", "layer3.residual"]);
  expect(usual("alexnet", 227)).toEqual(["conv1", "conv2", "conv5"]);
});

test("many stages are thinned out; a network without positions has its hidden layers, or its only one", () => {
  const stages = [1, 2, 3, 4, 5, 6].flatMap((at) => [conv(`c${at}`, 2, 3, 1, 1), relu, maxPool(2, 2)]);
  const deep = network("deep", input(128), 2, sequential(...stages, globalAvgPool, flatten, linear("l", 2)));
  expect(named(deep, undefined)).toEqual(["c1", "c3", "c4", "c6"]);
  const dense = network("dense", input(4), 2, sequential(flatten, linear("a", 5), relu, linear("b", 2)));
  expect(named(dense, undefined)).toEqual(["a"]);
  const one = network("one", input(4), 2, sequential(flatten, linear("b", 2)));
  expect(named(one, undefined)).toEqual(["b"]);
});

test("names are taken in the network's order; a wrong one is told with those that there are", () => {
  const alexnet = buildNetwork("alexnet", { input: input(227), numClasses: 2 });
  expect(named(alexnet, ["fc7", "conv1"])).toEqual(["conv1", "fc7"]);
  expect(() => chosenLayers(alexnet, ["conv1", "conv9"])).toThrow(
    "--layers: must be among the layers of alexnet: conv1, conv2, conv3, conv4, conv5, fc6, fc7, fc8, got conv9",
  );
});
