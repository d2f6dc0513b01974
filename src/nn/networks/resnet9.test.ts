import { expect, it } from "vitest";
import { buildNetwork } from "../build.ts";

it.each([28, 32, 33, 64, 96])("takes grey and colour images of %i pixels", (size) => {
  for (const channels of [1, 3]) {
    const input = { height: size, width: size, channels };
    expect(buildNetwork("resnet9", { input, numClasses: 7 }).parameters.length).toBeGreaterThan(0);
  }
});
