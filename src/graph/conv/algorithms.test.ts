// The fixed rule: which algorithm it takes for which geometry.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { always, type ConvAlgorithmName, candidates, chooseByRule, convAlgorithms } from "./algorithms.ts";
import { type ConvSpec, convSpec } from "./spec.ts";

const names = Object.keys(convAlgorithms) as ConvAlgorithmName[];

function geometry(
  [inChannels, outChannels]: readonly [number, number],
  side: number,
  kernel: number,
  stride: number,
  padding: number,
  batch: number,
  groups = 1,
): ConvSpec {
  const attrs = {
    stride: [stride, stride],
    padding: [padding, padding, padding, padding],
    dilation: [1, 1],
    groups,
  } as const;
  return convSpec(attrs, [inChannels, side, side, batch], [outChannels, inChannels / groups, kernel, kernel]);
}

const anyGeometry = fc
  .record({
    channels: fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 600 })),
    groups: fc.constantFrom(1, 1, 2, 4, 16),
    side: fc.integer({ min: 1, max: 64 }),
    kernel: fc.integer({ min: 1, max: 7 }),
    stride: fc.integer({ min: 1, max: 4 }),
    padding: fc.integer({ min: 0, max: 3 }),
    batch: fc.integer({ min: 1, max: 256 }),
  })
  .filter(({ side, kernel, padding }) => side + 2 * padding >= kernel)
  .map(({ channels: [inner, outer], groups, ...one }) =>
    geometry(
      [inner * groups, outer * groups],
      one.side,
      one.kernel,
      one.stride,
      one.padding,
      one.batch,
      groups,
    ),
  );

describe("the choice by rule", () => {
  it("is possible, also where one algorithm is asked for", () => {
    const property = fc.property(anyGeometry, fc.constantFrom(...names), (spec, name) => {
      const possible = candidates(spec);
      expect(possible).toContain(chooseByRule(spec));
      expect(always(name)(spec)).toBe(possible.includes(name) ? name : chooseByRule(spec));
    });
    fc.assert(property, { numRuns: 500, seed: 2 });
  });

  it("never goes back to im2col as a batch grows", () => {
    const property = fc.property(anyGeometry, (spec) => {
      if (chooseByRule(spec) === "im2col") return;
      expect(chooseByRule({ ...spec, batch: 2 * spec.batch })).toBe(chooseByRule(spec));
    });
    fc.assert(property, { numRuns: 500, seed: 2 });
  });

  it.each([
    ["the first layer of a ResNet", geometry([3, 64], 32, 3, 1, 1, 128), "im2col"],
    ["of a grey one", geometry([1, 64], 28, 3, 1, 1, 128), "im2col"],
    ["with a stride, for photos", geometry([3, 32], 64, 4, 2, 1, 128), "im2col"],
    ["of AlexNet", geometry([3, 96], 227, 11, 4, 0, 128), "spaceToDepth"],
    ["its second layer", geometry([96, 256], 27, 5, 1, 2, 128), "winograd"],
    ["a layer of a ResNet", geometry([64, 64], 32, 3, 1, 1, 128), "winograd"],
    ["for one image", geometry([64, 64], 32, 3, 1, 1, 1), "winograd"],
    ["the last, for few images", geometry([512, 512], 4, 3, 1, 1, 8), "im2col"],
    ["the last, of small images", geometry([512, 512], 2, 3, 1, 1, 128), "im2col"],
    ["a layer that halves the sides", geometry([64, 128], 32, 3, 2, 1, 128), "spaceToDepth"],
    ["for few images", geometry([256, 512], 8, 3, 2, 1, 16), "im2col"],
    ["few channels out of many", geometry([64, 8], 32, 3, 1, 1, 64), "winograd"],
    ["a layer of a ResNeXt", geometry([256, 256], 32, 3, 1, 1, 32, 4), "winograd"],
    ["that halves the sides", geometry([512, 512], 32, 3, 2, 1, 32, 4), "spaceToDepth"],
    ["a filter for each channel", geometry([64, 64], 32, 3, 1, 1, 32, 64), "im2col"],
    ["a shortcut", geometry([64, 128], 32, 1, 2, 0, 128), "pointwise"],
  ] as const)("%s", (_, spec, expected) => {
    expect(chooseByRule(spec)).toBe(expected);
  });
});
