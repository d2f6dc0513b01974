// Composition: shapes follow each other, parameters are a list, and one pass equals the steps.
import { expect, test } from "vitest";
import { stream } from "../rng.ts";
import type { Augmentation, Image } from "./augmentation.ts";
import { colorJitter } from "./colour/color-jitter.ts";
import { compose } from "./compose.ts";
import { cutout } from "./cutout/cutout.ts";
import { horizontalFlip } from "./geometry/flips.ts";
import { randomCrop } from "./geometry/random-crop.ts";
import { resizedCrop } from "./geometry/resized-crop.ts";

const image: Image = {
  height: 20,
  width: 16,
  channels: 3,
  layout: "HWC",
  pixels: Uint8Array.from({ length: 960 }, (_, i) => (i * 37) % 256),
};

const steps = [
  resizedCrop({ size: { height: 12, width: 10 } }),
  horizontalFlip({ probability: 1 }),
  compose([colorJitter({ brightness: 0.5 }), randomCrop({ height: 8, width: 8 })]),
] as const;
const all = compose(steps);

test("is each step after the other, with the stream drawn from in that order", () => {
  const parameters = all.sample(stream(4, "c"), image, 0);
  const rng = stream(4, "c");
  let current: Image = image;
  for (const [index, step] of (steps as readonly Augmentation<unknown>[]).entries()) {
    const drawn = step.sample(rng, current, 0);
    expect(parameters[index]).toEqual(drawn);
    current = step.apply(current, drawn);
  }
  expect(all.apply(image, parameters)).toEqual(current);
  expect(all.outputShape(image)).toEqual({ height: 8, width: 8, channels: 3 });
});

test("the types of the parameters are those of the steps", () => {
  const [crop, { flip }, [, { top }]] = all.sample(stream(4, "c"), image, 0);
  expect([typeof crop.width, typeof flip, typeof top]).toEqual(["number", "boolean", "number"]);
});

test("progress reaches every step", () => {
  const heard: number[] = [];
  const listening: Augmentation<null> = {
    name: "listening",
    outputShape: (input) => input,
    sample: (_, __, progress) => {
      heard.push(progress);
      return null;
    },
    apply: (given) => given,
  };
  compose([listening, compose([listening])]).sample(stream(1, "p"), image, 0.25);
  expect(heard).toEqual([0.25, 0.25]);
});

test("no steps: a copy", () => {
  const result = compose([]).apply(image, []);
  expect(result).toEqual(image);
  expect(result.pixels).not.toBe(image.pixels);
});

test("bad input: shapes that do not fit are told before anything is drawn, and lists of another length", () => {
  const large = compose([resizedCrop({ size: 4 }), randomCrop({ height: 8, width: 8 })]);
  expect(() => large.outputShape(image)).toThrow(
    "crop: height must be an integer from 1 to the image's 4, got 8",
  );
  expect(() => all.apply(image, [] as never)).toThrow(
    "compose: parameters must be a list of 3, one for each step, got 0",
  );
  expect(() => all.effects!(null as never, image)).toThrow(
    "compose: parameters must be a list of 3, one for each step, got null",
  );
  expect(() => compose([undefined as never])).toThrow(
    "compose: every step must be an augmentation, got undefined at 0",
  );
  expect(() => compose([cutout({ length: 8 }) as never])).toThrow(
    "compose: every step must be an augmentation, got function at 0; Cutout as an augmentation is cutoutAugmentation(options)",
  );
});
