import { describe, expect, it } from "vitest";
import { buildNetwork } from "../build.ts";
import { memberOf } from "../definition.ts";
import { countParameters } from "../network.ts";
import { inferLayer } from "../tree.ts";
import type { NetworkName } from "./index.ts";
import { wideResnet, wrn16x4 } from "./wide-resnet.ts";

const input = { height: 32, width: 32, channels: 3 };

// The paper's tables 4 and 5.
it.each([
  { depth: 16, widen: 4, parameters: 2_748_890 },
  { depth: 40, widen: 4, parameters: 8_949_210 },
  { depth: 28, widen: 10, parameters: 36_479_194 },
])("WRN-$depth-$widen for ten classes has $parameters parameters", ({ parameters, ...options }) => {
  for (const dropout of [0, 0.3]) {
    const built = buildNetwork(wideResnet, { input, numClasses: 10, options: { ...options, dropout } });
    expect(countParameters(built)).toBe(parameters);
  }
});

it.each([
  ["wrn-28-10", 36_474_066, 36_479_194, 36_536_884],
  ["wrn-16-8", 10_957_266, 10_961_370, 11_007_540],
  ["wrn-16-4", 2_746_834, 2_748_890, 2_772_020],
] as const satisfies readonly (readonly [NetworkName, ...number[]])[])(
  "%s is known by its name",
  (name, ...counts) => {
    expect(
      [2, 10, 100].map((numClasses) => countParameters(buildNetwork(name, { input, numClasses }))),
    ).toEqual(counts);
  },
);

it("any depth and width is known by its name", () => {
  expect(countParameters(buildNetwork("wrn-40-4", { input, numClasses: 100 }))).toBe(8_972_340);
  expect(buildNetwork("wrn-22-8", { input, numClasses: 10 }).layer).toEqual(
    buildNetwork(wideResnet, { input, numClasses: 10, options: { depth: 22, widen: 8 } }).layer,
  );
  expect(() => buildNetwork("wrn-27-10", { input, numClasses: 10 })).toThrow(
    "wrn-27-10: depth must be 6n + 4, from 10 to 1000, got 27",
  );
  expect(() => buildNetwork("wrn-28-100", { input, numClasses: 10 })).toThrow(
    "wrn-28-100: widen must be an integer from 1 to 64, got 100",
  );
});

it("sees images of twice the side with a first stride of 2", () => {
  const large = { height: 96, width: 96, channels: 3 };
  const { layer } = buildNetwork("wrn-16-8", { input: large, numClasses: 10, options: { stride: 2 } });
  const first = layer.kind === "sequential" ? layer.layers[0]! : layer;
  expect(inferLayer(first, [3, 96, 96])).toEqual([16, 48, 48]);
});

it("is built of groups of blocks: any depth of 6n + 4", () => {
  const build = (depth: number) => () =>
    buildNetwork(wideResnet, { input, numClasses: 10, options: { depth } });
  expect(build(15)).toThrow("wrn: depth must be 6n + 4, from 10 to 1000, got 15");
  expect(build(22)).not.toThrow();
});

describe("wrn-16-4", () => {
  it("is a member of the family, whose dropout and first stride alone are open", () => {
    expect(Object.keys(wrn16x4.options)).toEqual(["dropout", "stride"]);
    const options = { dropout: 0.3 };
    expect(buildNetwork(wrn16x4, { input, numClasses: 10, options }).layer).toEqual(
      buildNetwork(wideResnet, { input, numClasses: 10, options: { depth: 16, widen: 4, dropout: 0.3 } })
        .layer,
    );
    expect(() => memberOf(wideResnet, "wrn-17-4", { depth: 17, widen: 4 })).toThrow(
      "wrn-17-4: depth must be",
    );
  });

  it("halves its features twice and has a block's dropout between its convolutions", () => {
    const layer = wrn16x4.build({ input, numClasses: 10, dropout: 0.3, stride: 1 });
    const layers = layer.kind === "sequential" ? layer.layers : [];
    const shapes: (readonly number[])[] = [[3, 32, 32]];
    for (const each of layers) shapes.push(inferLayer(each, shapes.at(-1) as [number, number, number]));
    expect(shapes.slice(1, 9)).toEqual([
      [16, 32, 32],
      [64, 32, 32],
      [64, 32, 32],
      [128, 16, 16],
      [128, 16, 16],
      [256, 8, 8],
      [256, 8, 8],
      [256, 8, 8],
    ]);
    const text = JSON.stringify(layer);
    const order =
      /conv1","outChannels":64.*?"kind":"relu"\},(\{"kind":"dropout","probability":0.3\}),\{"kind":"conv","name":"group1.0.conv2"/;
    expect(text).toMatch(order);
    expect(text.match(/"dropout"/g)).toHaveLength(6);
    expect(JSON.stringify(wrn16x4.build({ input, numClasses: 10, dropout: 0, stride: 1 }))).not.toContain(
      "dropout",
    );
  });
});
