// Networks for images of another size: which keep their weights, and which cannot.
import { describe, expect, it, test } from "vitest";
import { buildNetwork } from "./build.ts";
import type { NetworkName } from "./networks/index.ts";
import { resized } from "./resized.ts";

const build = (name: NetworkName, side: number) =>
  buildNetwork(name, { input: { height: side, width: side, channels: 3 }, numClasses: 10 });

describe("the same weights", () => {
  const names: readonly NetworkName[] = [
    "resnet9",
    "resnet18",
    "wrn-16-4",
    "shake-shake-26-2x32d",
    "airbench94",
  ];
  it.each(names)("%s", (name) => {
    const full = build(name, 32);
    const small = resized(full, { height: 16, width: 16 });
    expect(small.input).toEqual({ height: 16, width: 16, channels: 3 });
    expect(small.parameters).toEqual(full.parameters);
    expect(small.buffers).toEqual(full.buffers);
    // Also what was chosen by the full size.
    expect(small.layer).toBe(full.layer);
  });
  test("a stem that was chosen for large photos stays", () => {
    const full = build("resnet9", 128);
    expect(resized(full, { height: 64, width: 64 }).parameters).toEqual(full.parameters);
  });
});

describe("refused", () => {
  test("weights of a fixed map", () => {
    expect(() => resized(build("alexnet", 227), { height: 116, width: 116 })).toThrow(
      "alexnet: its weights must not depend on the size of the images (fc6.weight is another for 116x116 pixels)",
    );
  });
  test("images that are too small", () => {
    expect(() => resized(build("airbench94", 32), { height: 4, width: 4 })).toThrow(
      /airbench94: images of 4x4 are too small for it/,
    );
  });
});
