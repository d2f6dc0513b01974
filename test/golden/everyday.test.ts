// Everyday augmentations against torchvision v2 and PIL, given the same parameters (everyday_torchvision.py).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Image } from "../../src/augment/augmentation.ts";
import { trivialAugment } from "../../src/augment/colour/trivial-augment.ts";
import type { PixelArray } from "../../src/augment/image/layout.ts";
import { type AugmentationSpec, createAugmentation } from "../../src/augment/registry.ts";
import { stream } from "../../src/rng.ts";
import { toLayout } from "../helpers/images.ts";

interface Pixels {
  readonly height: number;
  readonly width: number;
  /** Base64. */
  readonly pixels: string;
}

interface Case {
  readonly name: string;
  readonly options: unknown;
  readonly parameters: unknown;
  readonly image: string;
  readonly floats: Pixels;
  readonly bytes: Pixels;
  readonly pil?: Pixels;
}

const golden: {
  readonly images: { readonly [name: string]: Pixels & { readonly channels: number } };
  readonly space: { readonly [operation: string]: readonly number[] };
  readonly cases: readonly Case[];
} = JSON.parse(readFileSync(new URL("everyday.json", import.meta.url), "utf8"));

const bytesOf = ({ pixels }: Pixels) => new Uint8Array(Buffer.from(pixels, "base64"));
const floatsOf = (pixels: Pixels) => new Float32Array(bytesOf(pixels).buffer);

function imageOf(name: string): Image<Uint8Array> {
  const { height, width, channels, ...rest } = golden.images[name]!;
  return { height, width, channels, layout: "HWC", pixels: bytesOf({ height, width, ...rest }) };
}

/** Floats differ by rounding only: torchvision works in double precision here, and we store 32 bits. */
const floatTolerance = 2e-6;

/**
 * Bytes: we compute in floats and round once. torchvision rounds between steps or cuts off after them, and PIL
 * computes with integers, so they may lie this many of the 255 levels away.
 */
const byteTolerance: { readonly [name: string]: number } = { "color-jitter": 2, "trivial-augment": 2 };
/** A mixture of four changes, rounded or cut off after each. */
const mixtureTolerance = 4;

function tolerated({ name, parameters }: Case): number {
  const { changes } = parameters as { changes?: readonly unknown[] };
  return (changes?.length ?? 1) > 1 ? mixtureTolerance : (byteTolerance[name] ?? 1);
}

function expectClose(actual: Image, expected: Pixels, numbers: PixelArray, tolerance: number): void {
  expect([actual.height, actual.width]).toEqual([expected.height, expected.width]);
  const { pixels } = toLayout(actual, "HWC");
  expect(pixels.length).toBe(numbers.length);
  const worst = Array.from(numbers).reduce(
    (most, value, at) => Math.max(most, Math.abs(value - pixels[at]!)),
    0,
  );
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe.each(
  golden.cases.map((c) => ({ ...c, title: `${c.name} ${JSON.stringify(c.parameters)} ${c.image}` })),
)("$title", (c) => {
  const image = imageOf(c.image);
  const { options, name } = c;
  // Fills are on the scale of the pixels, so bytes get other colours in the script.
  const bytesFill = (options as { fill?: unknown }).fill === undefined ? {} : { fill: [0, 0, 1] };
  const create = (given: object) => createAugmentation({ name, options: given } as AugmentationSpec);
  const floats = create(options as object);
  const bytes = create({ ...(options as object), ...bytesFill });

  test.each(["HWC", "CHW"] as const)("%s", (layout) => {
    const given = toLayout(image, layout);
    const scaled = { ...given, pixels: Float32Array.from(given.pixels, (value) => value / 255) };
    expectClose(floats.apply(scaled, c.parameters), c.floats, floatsOf(c.floats), floatTolerance);
    expectClose(bytes.apply(given, c.parameters), c.bytes, bytesOf(c.bytes), tolerated(c));
    if (c.pil !== undefined) {
      expectClose(bytes.apply(given, c.parameters), c.pil, bytesOf(c.pil), tolerated(c));
    }
  });
});

test("TrivialAugment draws exactly torchvision's operations and strengths", () => {
  const augment = trivialAugment();
  const rng = stream(1, "space");
  const drawn = new Map<string, Set<number>>();
  for (let count = 0; count < 20_000; count++) {
    const { operation, magnitude } = augment.sample(rng, { height: 32, width: 32, channels: 3 }, 0);
    const known = drawn.get(operation) ?? new Set();
    drawn.set(operation, known.add(Number(magnitude.toFixed(6)) + 0));
  }
  const negated = /shear|translate|rotate|brightness|^color$|contrast$|sharpness/;
  expect([...drawn.keys()].sort()).toEqual(Object.keys(golden.space).sort());
  for (const [operation, magnitudes] of Object.entries(golden.space)) {
    const signed = negated.test(operation) ? magnitudes.flatMap((value) => [value, -value + 0]) : magnitudes;
    const expected = [...new Set(signed)].sort((a, b) => a - b);
    expect([...drawn.get(operation)!].sort((a, b) => a - b)).toEqual(expected);
  }
});
