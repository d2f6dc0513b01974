// Two painted scenes to show augmentations on: a house under the sun, and a boat at night.
import type { Image } from "../../src/augment/augmentation.ts";

const side = 112;
type Colour = readonly [number, number, number];

/** Colour of a point, x and y from 0 to 1, y downwards. */
type Painter = (x: number, y: number) => Colour;

const between = (a: Colour, b: Colour, at: number): Colour => [
  a[0] + (b[0] - a[0]) * at,
  a[1] + (b[1] - a[1]) * at,
  a[2] + (b[2] - a[2]) * at,
];

const house: Painter = (x, y) => {
  const roof = y > 0.3 && y < 0.5 && Math.abs(x - 0.5) < (y - 0.3) * 1.5;
  const wall = y >= 0.5 && y < 0.8 && Math.abs(x - 0.5) < 0.24;
  const door = wall && y > 0.6 && Math.abs(x - 0.56) < 0.06;
  const window = wall && y > 0.56 && y < 0.68 && Math.abs(x - 0.39) < 0.07;
  if (door) return [96, 56, 32];
  if (window)
    return Math.abs(x - 0.39) < 0.008 || Math.abs(y - 0.62) < 0.008 ? [250, 250, 240] : [120, 180, 220];
  if (wall) return [235, 215, 170];
  if (roof) return Math.floor((y - 0.3) * 40) % 2 === 0 ? [178, 60, 44] : [160, 48, 36];
  if (Math.hypot(x - 0.82, y - 0.18) < 0.1) return [255, 214, 64];
  if (y > 0.72 + 0.04 * Math.sin(7 * x)) return between([110, 168, 72], [60, 120, 48], (y - 0.7) / 0.3);
  return between([104, 168, 232], [206, 230, 250], y / 0.75);
};

const boat: Painter = (x, y) => {
  const hull = y > 0.62 && y < 0.74 && Math.abs(x - 0.48) < 0.3 - (y - 0.62);
  const sail = y > 0.2 && y < 0.58 && x > 0.47 && x - 0.47 < (y - 0.2) * 0.75;
  const jib = y > 0.26 && y < 0.58 && x < 0.44 && 0.44 - x < (y - 0.26) * 0.6;
  if (Math.abs(x - 0.455) < 0.012 && y > 0.16 && y < 0.64) return [90, 60, 40];
  if (sail) return [244, 238, 224];
  if (jib) return [222, 92, 72];
  if (hull) return y < 0.65 ? [244, 238, 224] : [150, 40, 44];
  if (Math.hypot(x - 0.2, y - 0.17) < 0.08 && Math.hypot(x - 0.24, y - 0.15) > 0.07) return [250, 244, 200];
  if (y > 0.68) {
    const wave = Math.sin(24 * x + 60 * y) > 0.75;
    return wave ? [60, 110, 150] : between([22, 62, 104], [10, 32, 66], (y - 0.68) / 0.32);
  }
  return between([20, 24, 66], [92, 84, 132], y / 0.68);
};

/** Four samples a pixel, so that edges are smooth. */
function paint(painter: Painter): Image<Uint8Array> {
  const pixels = new Uint8Array(side * side * 3);
  for (let at = 0; at < side * side; at++) {
    const sum = [0, 0, 0];
    for (const [dy, dx] of [
      [0.25, 0.25],
      [0.25, 0.75],
      [0.75, 0.25],
      [0.75, 0.75],
    ] as const) {
      const colour = painter(((at % side) + dx) / side, (Math.floor(at / side) + dy) / side);
      colour.forEach((value, c) => {
        sum[c]! += value / 4;
      });
    }
    pixels.set(sum.map(Math.round), at * 3);
  }
  return { pixels, height: side, width: side, channels: 3, layout: "HWC" };
}

export const scenes: readonly [Image<Uint8Array>, Image<Uint8Array>] = [paint(house), paint(boat)];
