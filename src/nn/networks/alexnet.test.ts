import { expect, it } from "vitest";
import { buildNetwork } from "../build.ts";
import { initialize } from "../init.ts";
import { countParameters } from "../network.ts";

const rgb = (side: number) => ({ height: side, width: side, channels: 3 });

it("for two classes at 227x227 has 58,289,538 parameters", () => {
  const alexnet = buildNetwork("alexnet", { input: rgb(227), numClasses: 2 });
  expect(countParameters(alexnet)).toBe(58_289_538);
  expect(alexnet.parameters.find(({ name }) => name === "fc6.weight")?.shape).toEqual([4096, 9216]);
});

it("of 2012 for the thousand classes of ImageNet has 60,965,224 parameters", () => {
  const { parameters } = buildNetwork("alexnet-2012", { input: rgb(227), numClasses: 1000 });
  expect(parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(60_965_224);
  expect(parameters.find(({ name }) => name === "conv2.weight")?.shape).toEqual([256, 48, 5, 5]);
});

it("its own first weights and He's have the deviations and biases of the sources", () => {
  const statistics = (initialization: "original" | "he", name: string) => {
    const options = { initialization };
    const { parameters } = buildNetwork("alexnet", { input: rgb(96), numClasses: 2, options });
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

it("drops units after fc6 alone, as the baseline, or after both", () => {
  const drops = (options: { readonly dropout?: "fc6" | "both" }) =>
    JSON.stringify(buildNetwork("alexnet", { input: rgb(96), numClasses: 2, options }).layer).split(
      '"kind":"dropout"',
    ).length - 1;
  expect([drops({}), drops({ dropout: "fc6" }), drops({ dropout: "both" })]).toEqual([1, 1, 2]);
});
