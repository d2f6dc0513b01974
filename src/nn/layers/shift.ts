// An image moved down and to the right, with zeros where nothing moves in.
import { image, type LayerRule, WindowTooLarge } from "../layer.ts";
import { integer } from "../options.ts";
import type { Layer } from "./index.ts";

export interface Shift {
  /** Pixels. */
  readonly down: number;
  readonly right: number;
}

const pixels = integer({ min: 0, max: 1024 });

export const shiftRule: LayerRule<Shift> = {
  fields: { down: pixels, right: pixels },
  infer({ down, right }, input) {
    const [, height, width] = image("shift", input);
    if (down < height && right < width) return input;
    throw new WindowTooLarge(`shift: ${down} down and ${right} right must be less than ${height}x${width}`);
  },
  forward({ g }, { down, right }, x) {
    const [channels, height, width, count] = x.shape as [number, number, number, number];
    const kept = g.apply("slice", [x], {
      starts: [0, 0, 0, 0],
      ends: [channels, height - down, width - right, count],
      steps: [1, 1, 1, 1],
    });
    return g.apply("pad", [kept], { before: [0, down, right, 0], after: [0, 0, 0, 0], value: 0 });
  },
  export(exporter, { down, right }, x, input) {
    const [, height, width] = image("shift", input);
    const integers = (...values: number[]) => exporter.integers(values);
    const kept = exporter.add("Slice", [
      x,
      integers(0, 0),
      integers(height - down, width - right),
      integers(2, 3),
    ]);
    return exporter.add("Pad", [kept, integers(0, 0, down, right, 0, 0, 0, 0)]);
  },
};

/** [C, H, W] moved by so many pixels; what leaves is lost, zeros come in. */
export const shift = (down: number, right: number): Layer => ({ kind: "shift", down, right });
