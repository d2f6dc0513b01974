import { expect, it } from "vitest";
import { buildNetwork } from "../build.ts";
import { countParameters } from "../network.ts";
import type { NetworkName } from "./index.ts";

const input = { height: 32, width: 32, channels: 3 };

it.each([
  ["shake-shake-26-2x32d", 2_923_162, 2_934_772],
  ["shake-shake-26-2x64d", 11_653_978, 11_677_108],
  ["shake-shake-26-2x96d", 26_192_922, 26_227_572],
  ["shake-shake-29-2x4x64d", 34_437_450, 34_529_700],
] as const satisfies readonly (readonly [NetworkName, ...number[]])[])(
  "%s has the parameters of its paper",
  (name, ten, hundred) => {
    const count = (numClasses: number) => countParameters(buildNetwork(name, { input, numClasses }));
    expect([count(10), count(100)]).toEqual([ten, hundred]);
  },
);

it("shakes the gradient anew, but for the grouped one, which has it even; a setting changes that", () => {
  const told = (name: NetworkName, options = {}) =>
    JSON.stringify(buildNetwork(name, { input, numClasses: 10, options }).layer).match(
      /"forward":"\w+","backward":"\w+","per":"\w+"/g,
    );
  const all = (count: number, backward: string, per: string) =>
    Array.from({ length: count }, () => `"forward":"shake","backward":"${backward}","per":"${per}"`);
  expect(told("shake-shake-26-2x32d")).toEqual(all(12, "shake", "image"));
  expect(told("shake-shake-29-2x4x64d")).toEqual(all(9, "even", "image"));
  expect(told("shake-shake-26-2x32d", { backward: "keep", per: "batch" })).toEqual(all(12, "keep", "batch"));
});
