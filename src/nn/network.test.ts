// Networks as wholes: what they check of their layers, and the gradients of one with all layers.
import { describe, expect, it } from "vitest";
import { gradients } from "../graph/grad.ts";
import { Graph } from "../graph/graph.ts";
import type { ReferenceArray } from "../graph/types.ts";
import { stream } from "../rng.ts";
import { evaluateReference } from "../runtime/reference.ts";
import { sizeOf } from "../tensor.ts";
import {
  avgPool,
  batchNorm,
  conv,
  dropout,
  flatten,
  globalAvgPool,
  linear,
  maxPool,
  relu,
  residual,
  scale,
  sequential,
  whiten,
} from "./layers/index.ts";
import { forward, initialBuffers, initialParameters, network } from "./network.ts";

const input = { height: 8, width: 6, channels: 3 };

describe("what comes out", () => {
  const encoder = sequential(conv("a", 4, 3, 1, 1), relu, maxPool(2));

  it("need not be logits", () => {
    expect(network("encoder", input, null, encoder).output).toEqual([4, 4, 3]);
    expect(network("encoder", input, [4, 4, 3], encoder).output).toEqual([4, 4, 3]);
    expect(network("small", input, 5, sequential(flatten, linear("a", 5))).output).toEqual([5]);
  });

  it("is what the caller wants", () => {
    expect(() => network("encoder", input, 2, encoder)).toThrow(
      "encoder: must end in 2 logits, one a class, got [4, 4, 3]",
    );
    expect(() => network("encoder", input, [4, 8, 6], encoder)).toThrow(
      "encoder: must end in [4, 8, 6], got [4, 4, 3]",
    );
  });
});

describe("layers that do not fit", () => {
  it.each([
    [
      "each other",
      sequential(conv("a", 4, 3), linear("b", 2)),
      "b: needs [features], got [4, 6, 4]; flatten",
    ],
    [
      "beside each other",
      residual(conv("a", 3, 3), avgPool(2)),
      "residual: both branches must agree, got [3, 6, 4] and [3, 4, 3]",
    ],
  ])("%s", (_, layer, text) => {
    expect(() => network("own", input, null, layer)).toThrow(`own: its layers must fit each other (${text}`);
  });

  it("the image", () => {
    expect(() => network("own", input, null, conv("a", 4, 7), "my.js")).toThrow(
      "my.js: images of 8x6 are too small for it (a: a window of [7, 7] must fit its input, got 8x6); use a larger size",
    );
  });

  it("one name", () => {
    const twice = sequential(conv("a", 4, 3), residual(sequential(conv("a", 4, 1))));
    expect(() => network("own", input, null, twice)).toThrow(
      "own: each layer with weights must have a name of its own, got a.weight twice",
    );
  });

  it("where a layer stands that is made from the images", () => {
    const inner = sequential(conv("a", 4, 3), whiten("w"), globalAvgPool, flatten);
    expect(() => network("own", input, null, inner)).toThrow(
      "own: a layer of kind whiten must be the first: it is made from the images",
    );
  });

  it("memory", () => {
    const huge = sequential(flatten, linear("a", 1_000_000), linear("b", 1_000_000));
    expect(() => network("own", input, null, huge)).toThrow(
      "own: b.weight must have at most 536870912 numbers",
    );
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
    dropout(0.25),
    globalAvgPool,
    flatten,
    linear("c", 3),
    scale(0.5),
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
