// Encoders of all shipped networks, and the auto-encoders around them.
import { describe, expect, it, test } from "vitest";
import { buildNetwork } from "./build.ts";
import { autoEncoder, encoderNames, encoderOf, namesBeforeLogits } from "./encoder.ts";
import { conv, flatten, globalAvgPool, linear, relu, residual, sequential } from "./layers/index.ts";
import { network } from "./network.ts";
import { networks } from "./networks/index.ts";
import { buffersOf, inferLayer, parametersOf } from "./tree.ts";

describe.each(networks)("$name", (definition) => {
  const side = definition.sizes.keepSmall ? 33 : 227;
  const input = { height: side, width: side, channels: 3 };
  const classifier = buildNetwork(definition, { input, numClasses: 10 });
  const whole = autoEncoder(classifier);

  it("has an encoder of features in channels, rows and columns, and one with a decoder gives images again", () => {
    expect(inferLayer(encoderOf(classifier), [3, side, side])).toHaveLength(3);
    expect(whole.output).toEqual([3, side, side]);
  });

  it("shares with its auto-encoder the weights of the encoder, in names and shapes, and no others", () => {
    const specs = [...classifier.parameters, ...classifier.buffers];
    const shared = specs.filter(({ name }) => encoderNames(classifier).has(name));
    const ofWhole = [...whole.parameters, ...whole.buffers];
    for (const { name, shape } of shared) {
      expect(ofWhole.find((one) => one.name === name)?.shape, name).toEqual(shape);
    }
    const own = ofWhole.filter(({ name }) => !encoderNames(classifier).has(name));
    expect(own.length + shared.length).toBe(ofWhole.length);
    expect(own.every(({ name }) => name.startsWith("decoder."))).toBe(true);
    const encoder = encoderOf(classifier);
    const within = [...parametersOf(encoder, [3, side, side]), ...buffersOf(encoder, [3, side, side])];
    expect(shared.map(({ name }) => name).sort()).toEqual(within.map(({ name }) => name).sort());
  });

  it("without the layer of its logits has the same weights for any number of classes", () => {
    const other = buildNetwork(definition, { input, numClasses: 3 });
    const names = namesBeforeLogits(classifier);
    const shapes = (of: typeof other) =>
      [...of.parameters, ...of.buffers].filter(({ name }) => names.has(name)).map(({ shape }) => shape);
    expect(shapes(other)).toEqual(shapes(classifier));
    const rest = other.parameters.filter(({ name }) => !names.has(name));
    expect(rest.every(({ shape }) => shape[0] === 3)).toBe(true);
    expect(rest.length).toBeGreaterThan(0);
  });
});

test.each([1, 3])("any size of images comes out again, of %i channels", (channels) => {
  for (const [height, width] of [
    [28, 28],
    [29, 31],
    [40, 64],
  ] as const) {
    const input = { height, width, channels };
    const classifier = buildNetwork("resnet9", { input, numClasses: 2 });
    expect(autoEncoder(classifier).output).toEqual([channels, height, width]);
  }
});

test("a network that never comes to a row of features on its main path has no encoder", () => {
  const input = { height: 8, width: 8, channels: 1 };
  const pooled = sequential(conv("a", 2, 3), relu, globalAvgPool, flatten);
  const hidden = network("hidden", input, 2, residual(pooled, pooledAgain()));
  expect(() => autoEncoder(hidden)).toThrow("hidden: has no encoder");
  const flat = network("flat", input, 2, sequential(flatten, linear("a", 2)));
  expect(() => autoEncoder(flat)).toThrow("flat: has no encoder");
});

const pooledAgain = () => sequential(conv("b", 2, 3), relu, globalAvgPool, flatten);
