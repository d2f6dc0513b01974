import { expect, it } from "vitest";
import { buildNetwork } from "../build.ts";
import { countParameters, initialBuffers, initialParameters } from "../network.ts";

const input = { height: 32, width: 32, channels: 3 };
const network = buildNetwork("airbench94", { input, numClasses: 10 });

it("with its whitening filters has the 1,971,640 parameters of its source", () => {
  const filters = initialBuffers(network).get("whiten.filters")!.data.length;
  expect(filters).toBe(24 * 3 * 2 * 2);
  expect(countParameters(network) + filters).toBe(1_971_640);
});

it("learns no factors of its normalizations, and no bias of its last layer", () => {
  const names = network.parameters.map(({ name }) => name);
  expect(names.filter((name) => name.endsWith(".bias"))).toEqual([
    "whiten.bias",
    ...["group1", "group2", "group3"].flatMap((group) => [`${group}.norm1.bias`, `${group}.norm2.bias`]),
  ]);
  expect(names.filter((name) => name.includes("norm") && name.endsWith(".weight"))).toEqual([]);
});

it("its convolutions hand their input on at first, and its head has a deviation of 1", () => {
  const parameters = initialParameters(network, 3);
  const { shape } = parameters.get("group1.conv1.weight")!;
  const data = parameters.get("group1.conv1.weight")!.data as Float32Array;
  const [, inner] = shape as [number, number];
  data.slice(0, inner * inner * 9).forEach((x, at) => {
    const [out, channel, tap] = [Math.floor(at / (inner * 9)), Math.floor(at / 9) % inner, at % 9];
    expect(x).toBe(out === channel && tap === 4 ? 1 : 0);
  });
  const rest = data.slice(inner * inner * 9);
  const bound = 1 / Math.sqrt(inner * 9);
  expect(Math.max(...rest.map(Math.abs))).toBeLessThanOrEqual(bound);
  const std = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  expect(std(rest)).toBeCloseTo(bound / Math.sqrt(3), 3);
  expect(std(parameters.get("head.weight")!.data as Float32Array)).toBeCloseTo(1, 1);
});

it("has options to do without its tricks, for who asks what they give", () => {
  const plain = buildNetwork("airbench94", {
    input,
    numClasses: 10,
    options: { first: "learnt", start: "he" },
  });
  expect(countParameters(plain)).toBe(1_971_640);
  expect(initialBuffers(plain).has("whiten.filters")).toBe(false);
  const conv = initialParameters(plain, 3).get("group1.conv1.weight")!.data as Float32Array;
  expect(conv.filter((x) => x === 0 || x === 1)).toHaveLength(0);
});
