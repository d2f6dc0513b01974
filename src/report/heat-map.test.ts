import { expect, test } from "vitest";
import { enlarge, heatColors, overlay } from "./heat-map.ts";

const grey = (height: number, width: number, value = 100) => ({
  pixels: new Uint8Array(height * width).fill(value),
  height,
  width,
  channels: 1,
});
const at = ({ pixels, width }: ReturnType<typeof overlay>, y: number, x: number) => [
  ...pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

test("the sign chooses the colour, the size how much of it; 0 leaves the image in grey", () => {
  const map = { height: 1, width: 3, values: [1, 0, -0.5] };
  const drawn = overlay(grey(1, 3), map, 1);
  expect(at(drawn, 0, 0)).toEqual(heatColors.warm.map((each) => Math.round(0.2 * 100 + 0.8 * each)));
  expect(at(drawn, 0, 1)).toEqual([100, 100, 100]);
  expect(at(drawn, 0, 2)).toEqual(heatColors.cold.map((each) => Math.round(0.6 * 100 + 0.4 * each)));
  // Beyond the strongest there is no more than it.
  expect(at(overlay(grey(1, 3), map, 0.25), 0, 0)).toEqual(at(drawn, 0, 0));
});

test("a coarse map lies over the image with its cells' middles in place, and straight lines between", () => {
  const drawn = overlay(grey(4, 8, 0), { height: 1, width: 2, values: [0, 1] }, 1);
  const reds = Array.from({ length: 8 }, (_, x) => at(drawn, 2, x)[0]!);
  expect(reds[0]).toBe(0);
  expect(reds[7]).toBe(188);
  const middle = reds.slice(2, 6);
  expect(middle).toEqual([0.125, 0.375, 0.625, 0.875].map((share) => Math.round(188 * share)));
});

test("colour images lose their colour below a map; enlarged ones keep their pixels as squares", () => {
  const colour = { pixels: Uint8Array.of(255, 0, 0, 0, 0, 255), height: 1, width: 2, channels: 3 };
  const drawn = overlay(colour, { height: 1, width: 1, values: [0] }, 1);
  expect([...drawn.pixels]).toEqual([76, 76, 76, 29, 29, 29]);
  const large = enlarge(colour, 2);
  expect(large).toMatchObject({ height: 2, width: 4, channels: 3 });
  expect([at(large, 0, 0), at(large, 1, 1), at(large, 0, 2), at(large, 1, 3)]).toEqual([
    [255, 0, 0],
    [255, 0, 0],
    [0, 0, 255],
    [0, 0, 255],
  ]);
  expect(at(enlarge(grey(1, 1), 3), 2, 2)).toEqual([100, 100, 100]);
});
