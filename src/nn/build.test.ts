// Building the shipped networks by name.
import { describe, expect, it } from "vitest";
import { buildNetwork, takesImages } from "./build.ts";
import { defineNetwork } from "./definition.ts";
import { linear } from "./layers/index.ts";
import { alexnet } from "./networks/alexnet.ts";
import { type NetworkName, networkNames, networks } from "./networks/index.ts";

const rgb = (side: number) => ({ height: side, width: side, channels: 3 });

describe.each(networks)("$name", (definition) => {
  it("names each parameter once, ends in a logit a class, and takes grey and other shapes", () => {
    for (const channels of [1, 3]) {
      const input = { height: 96, width: 80, channels };
      const { parameters, buffers, output } = buildNetwork(definition, { input, numClasses: 7 });
      const names = [...parameters, ...buffers].map((spec) => spec.name);
      expect(new Set(names).size).toBe(names.length);
      expect(output).toEqual([7]);
    }
  });

  it("says what it is and what its options are", () => {
    expect(definition.summary).not.toBe("");
    for (const { help, kind, otherwise } of Object.values<(typeof alexnet.options)["initialization"]>(
      definition.options as never,
    )) {
      expect(help).not.toBe("");
      expect(kind.read(otherwise)).toBe(otherwise);
    }
  });
});

describe("errors", () => {
  it("images that are too small", () => {
    const build = () => buildNetwork("alexnet", { input: rgb(48), numClasses: 2 });
    expect(build).toThrow(/alexnet: images of 48x48 are too small for it .*use a larger size/);
    expect(takesImages(alexnet, { input: rgb(48), numClasses: 2 })).toBe(false);
    expect(takesImages(alexnet, { input: rgb(67), numClasses: 2 })).toBe(true);
  });

  it("a mistake that is not the images'", () => {
    const wrong = defineNetwork({ name: "wrong", build: ({ numClasses }) => linear("a", numClasses) });
    expect(() => takesImages(wrong, { input: rgb(48), numClasses: 2 })).toThrow("wrong: its layers must fit");
  });

  it("an unknown name tells those like it, or all", () => {
    const build = (name: string) => () =>
      buildNetwork(name as NetworkName, { input: rgb(32), numClasses: 2 });
    expect(build("none")).toThrow(
      `model: must be one of ${networkNames.join(", ")}, wrn-DEPTH-WIDEN, got "none"`,
    );
    expect(build("ResNet-18")).toThrow(
      'model: there is no such network, got "ResNet-18"; names like it: resnet18, resnet9',
    );
    expect(build("wrn-28")).toThrow(
      'model: there is no such network, got "wrn-28"; names like it: wrn-28-10',
    );
  });

  it("one class", () => {
    const build = () => buildNetwork("resnet9", { input: rgb(32), numClasses: 1 });
    expect(build).toThrow("resnet9: needs two classes or more, got 1");
  });

  it.each([
    ["resnet9", { dropout: 0.3 }, 'resnet9: takes no options, got "dropout"'],
    ["resnet18", { depth: 34 }, 'resnet18: options must be among stem, got "depth"'],
    ["resnet50", { stem: "photo" }, 'resnet50: stem must be "cifar" or "imagenet", got "photo"'],
    ["wrn-16-4", { depth: 28 }, 'wrn-16-4: options must be among dropout, stride, got "depth"'],
    ["wrn-16-4", { dropout: -0.1 }, "wrn-16-4: dropout must be a number >= 0 and < 1, got -0.1"],
    ["wrn-16-4", { dropout: 1 }, "wrn-16-4: dropout must be a number >= 0 and < 1, got 1"],
    ["wrn-16-4", { dropout: Number.NaN }, "wrn-16-4: dropout must be a number >= 0 and < 1, got NaN"],
    ["alexnet", { initialization: "hers" }, 'alexnet: initialization must be "he" or "original", got "hers"'],
  ] as const)("%s with %j", (name, options, text) => {
    expect(() => buildNetwork(name, { input: rgb(96), numClasses: 2, options })).toThrow(text);
  });
});
