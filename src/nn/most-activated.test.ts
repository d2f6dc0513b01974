// The most activated map of each image, and the layers that have maps.
import { expect, test } from "vitest";
import { Graph } from "../graph/graph.ts";
import { evaluateReference } from "../runtime/reference.ts";
import { buildNetwork } from "./build.ts";
import { mapLayer, mostActivated } from "./most-activated.ts";

test("is the one with the largest mean", () => {
  const g = new Graph();
  const x = g.input("x", "float32", [3, 1, 2, 2]);
  g.output("y", mostActivated(g, x));
  // Channel by channel, pixel by pixel, image by image: means 1.5, 2, 1 of the first image, 3, 0, 3 of the second.
  const data = Float64Array.of(1, 2, 2, 4, 4, 0, 0, 0, 1, 6, 1, 0);
  expect([...evaluateReference(g, new Map([["x", { shape: x.shape, data }]])).get("y")!.data]).toEqual([
    // The second image has two equal ones.
    4, 0, 4, 2,
  ]);
});

test("layers by their names, or the last one", () => {
  const net = buildNetwork("resnet9", { input: { height: 32, width: 32, channels: 3 }, numClasses: 2 });
  expect(mapLayer(net, "layer2")).toEqual({ name: "layer2", height: 16, width: 16 });
  expect(mapLayer(net, "last")).toEqual({ name: "layer3.residual", height: 4, width: 4 });
  expect(() => mapLayer(net, "linear")).toThrow(
    "augment.targeted.layer: must be a layer of resnet9 with feature maps: prep, layer1, layer1.residual, layer2, layer3, layer3.residual or last, got linear",
  );
});
