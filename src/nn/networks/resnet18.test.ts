import { expect, it } from "vitest";
import { buildNetwork } from "../build.ts";
import { countParameters } from "../network.ts";

it("for ten classes has 11,173,962 parameters", () => {
  const input = { height: 32, width: 32, channels: 3 };
  expect(countParameters(buildNetwork("resnet18", { input, numClasses: 10 }))).toBe(11_173_962);
});
