// Images made smaller, against a slow reference: every pixel is cut into so many parts that the larger pixels are whole parts.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Graph } from "../graph/graph.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { tensor } from "../tensor.ts";
import { areaMean } from "./area-mean.ts";

interface Images {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array;
}

async function averaged(runtime: Runtime, { shape, data }: Images, height: number, width: number) {
  const g = new Graph();
  g.output("small", areaMean(g, g.input("images", "float32", shape), { height, width }));
  const executable = await runtime.compile(g);
  try {
    return (await executable.run({ images: tensor("float32", shape, data) })).small!;
  } finally {
    await executable.close();
  }
}

function slowly({ shape: [count, channels, h, w], data }: Images, height: number, width: number): number[] {
  const small: number[] = [];
  for (let map = 0; map < count * channels; map++) {
    for (let top = 0; top < height; top++) {
      for (let left = 0; left < width; left++) {
        // In a grid of h * height lines and w * width columns both kinds of pixels are whole.
        let sum = 0;
        for (let y = top * h; y < (top + 1) * h; y++) {
          for (let x = left * w; x < (left + 1) * w; x++) {
            sum += data[(map * h + Math.floor(y / height)) * w + Math.floor(x / width)]!;
          }
        }
        small.push(sum / (h * w));
      }
    }
  }
  return small;
}

const anyCase = fc
  .record({
    count: fc.integer({ min: 1, max: 3 }),
    channels: fc.constantFrom(1, 3),
    height: fc.integer({ min: 1, max: 13 }),
    width: fc.integer({ min: 1, max: 13 }),
  })
  .chain(({ count, channels, height, width }) =>
    fc.record({
      shape: fc.constant([count, channels, height, width] as const),
      data: fc.float32Array({
        minLength: count * channels * height * width,
        maxLength: count * channels * height * width,
        min: -3,
        max: 3,
        noNaN: true,
      }),
      smaller: fc.tuple(fc.integer({ min: 1, max: height }), fc.integer({ min: 1, max: width })),
    }),
  );

describe.each([
  ["the plain reference", referenceRuntime, 60],
  ["ONNX Runtime", nodeRuntime({ threads: 1 }), 25],
] as const)("%s", (_, runtime, numRuns) => {
  it("gives the means over areas", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ smaller: [height, width], ...images }) => {
        const small = await averaged(runtime, images, height, width);
        expect(small.shape).toEqual([images.shape[0], images.shape[1], height, width]);
        slowly(images, height, width).forEach((value, index) => {
          expect(small.data[index]).toBeCloseTo(value, 4);
        });
      }),
      { numRuns },
    );
  });
});

it("a hole keeps its share, and images of the size stay as they are", async () => {
  const data = new Float32Array(10 * 10).fill(1);
  for (let y = 3; y < 7; y++) data.fill(0, y * 10 + 2, y * 10 + 8);
  const images = { shape: [1, 1, 10, 10], data } as const;
  const small = await averaged(referenceRuntime, images, 7, 7);
  const mean = [...small.data].reduce((sum, value) => sum + value, 0) / small.data.length;
  expect(mean).toBeCloseTo(1 - 24 / 100, 6);
  const g = new Graph();
  const given = g.input("images", "float32", [1, 1, 10, 10]);
  expect(areaMean(g, given, { height: 10, width: 10 })).toBe(given);
});
