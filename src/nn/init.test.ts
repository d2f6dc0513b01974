// First weights.
import { expect, it } from "vitest";
import { buildNetwork } from "./build.ts";
import { initialize, initializer } from "./init.ts";
import { initialParameters } from "./network.ts";

const square = (side: number) => ({ height: side, width: side, channels: 3 });

it("depend on the seed and the name alone", () => {
  const small = buildNetwork("resnet9", { input: square(28), numClasses: 2 });
  const large = buildNetwork("resnet9", { input: square(64), numClasses: 2 });
  const weights = (net: typeof small, seed: number) =>
    initialParameters(net, seed).get("layer2.conv.weight")!.data;
  expect(weights(small, 1)).toEqual(weights(large, 1));
  expect(weights(small, 1)).not.toEqual(weights(small, 2));
});

it.each([
  [{ kind: "he", fan: "in" }, Math.sqrt(2 / (8 * 25))],
  [{ kind: "he", fan: "out" }, Math.sqrt(2 / (64 * 25))],
  [{ kind: "lecun" }, Math.sqrt(1 / (8 * 25))],
  [{ kind: "normal", std: 0.5 }, 0.5],
  [{ kind: "constant", value: 3 }, 0],
] as const)("%j has its deviation", (init, deviation) => {
  const { data } = initialize("x", [64, 8, 5, 5], init, 1);
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  const found = Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length);
  expect(found).toBeCloseTo(deviation, 1 + Math.ceil(-Math.log10(deviation || 1)));
  expect(initializer.read(init)).toEqual(init);
});

it.each([
  null,
  "he",
  [],
  { kind: "constructor" },
  { kind: "he" },
  { kind: "he", fan: "out", gain: 2 },
  { kind: "normal", std: -1 },
  { kind: "constant", value: "0" },
])("%j is none", (value) => {
  expect(initializer.read(value)).toBeUndefined();
});
