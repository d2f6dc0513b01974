import { expect, it } from "vitest";
import { buildNetwork } from "../build.ts";
import { countParameters } from "../network.ts";
import type { NetworkName } from "./index.ts";

const rgb = (side: number) => ({ height: side, width: side, channels: 3 });

// The rightmost is torchvision's count.
it.each([
  ["resnet18", 11_169_858, 11_173_962, 11_220_132, 11_689_512],
  ["resnet34", 21_278_018, 21_282_122, 21_328_292, 21_797_672],
  ["resnet50", 23_504_450, 23_520_842, 23_705_252, 25_557_032],
] as const satisfies readonly (readonly [NetworkName, ...number[]])[])(
  "%s has the parameters of its paper",
  (name, two, ten, hundred, photos) => {
    const count = (numClasses: number) => countParameters(buildNetwork(name, { input: rgb(32), numClasses }));
    expect([count(2), count(10), count(100)]).toEqual([two, ten, hundred]);
    const options = { stem: "imagenet" };
    expect(countParameters(buildNetwork(name, { input: rgb(224), numClasses: 1000, options }))).toBe(photos);
  },
);

it("with the stem for photos divides the sides by 32", () => {
  const { layer } = buildNetwork("resnet50", {
    input: rgb(224),
    numClasses: 5,
    options: { stem: "imagenet" },
  });
  const text = JSON.stringify(layer);
  expect(text.match(/"stride":\[2,2\]/g)).toHaveLength(1 + 1 + 3 * 2);
  expect(text).toContain('"kind":"maxPool","kernel":[3,3],"stride":[2,2],"padding":[1,1,1,1]');
});
