// Mixing in a run: what a step learns, from which stream; a mixed run goes on exactly.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { atStep, metricsOf, smallRun } from "../../test/helpers/small-run.ts";
import type { MixSpec } from "../augment/index.ts";
import { mixup } from "../augment/index.ts";
import { mixFrom } from "../config/augmentation-text.ts";
import { stream } from "../rng.ts";
import { copiesOf, mixed } from "./mix.ts";
import { oneHot } from "./objectives/classify.ts";
import { train } from "./trainer.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-mix-"));
afterAll(() => rmSync(folder, { recursive: true }));

const shape = { height: 2, width: 3, channels: 1 };
const classes = Int32Array.of(0, 1, 2, 1);
const batch = {
  images: Float32Array.from({ length: 24 }, (_, at) => at),
  labels: oneHot(classes, 3),
  count: 4,
};
const place = { seed: 3, epoch: 2, batch: 5, progress: 0.5 };

test("without mixing: the images themselves, and their labels", () => {
  for (const mix of [null, mixFrom("batch-augmentation")]) {
    expect(mixed(mix, batch, shape, place)).toBe(batch);
  }
  expect(copiesOf(null)).toBe(1);
  expect(copiesOf(mixFrom("cutmix"))).toBe(1);
  expect(copiesOf(mixFrom("batch-augmentation:copies=4"))).toBe(4);
});

test("with Mixup: what the augmentation makes with the stream of this batch", () => {
  const before = batch.images.slice();
  const { images, labels } = mixed(mixFrom("mixup:alpha=0.4"), batch, shape, place);
  expect(batch.images).toEqual(before);
  const { mix } = mixup({ alpha: 0.4 }).sample(stream(3, "mix", 2, 5), { ...shape, count: 4 }, 0.5);
  const { lambda, partners } = mix!;
  images.forEach((value, at) => {
    const [image, pixel] = [Math.floor(at / 6), at % 6];
    expect(value).toBeCloseTo(lambda * before[at]! + (1 - lambda) * before[partners[image]! * 6 + pixel]!, 5);
  });
  for (let image = 0; image < 4; image++) {
    const sum = labels!.subarray(3 * image, 3 * image + 3).reduce((total, share) => total + share, 0);
    expect(sum).toBeCloseTo(1, 6);
    expect(labels![3 * image + classes[image]!]).toBeGreaterThanOrEqual(lambda - 1e-6);
  }
});

test("another batch, epoch or seed is mixed otherwise; the same place the same", () => {
  const mix = mixFrom("mixup");
  const at = (change: Partial<typeof place>) => [...mixed(mix, batch, shape, { ...place, ...change }).images];
  expect(at({})).toEqual(at({}));
  const others = Array.from({ length: 8 }, (_, number) => String(at({ batch: number })));
  // An image may be its own partner, and four of them now and then all are.
  expect(new Set(others).size).toBeGreaterThan(4);
});

describe.each<MixSpec>([mixFrom("mixup"), mixFrom("cutmix:probability=0.7")])("a run with $name", (mix) => {
  const options = { mix, epochs: 2, classWeights: [1, 2, 1, 0.5, 1, 1] };

  test("learns, differs from one without, and goes on exactly after an interrupt", async () => {
    const [alone, resumed, without] = ["alone", "resumed", "without"].map((part) =>
      join(folder, `${mix.name} ${part}`),
    ) as [string, string, string];
    expect((await train(smallRun(alone, {}, options))).best!.top1).toBeGreaterThan(1.5 / 6);
    const controller = new AbortController();
    const onEvent = atStep((count) => count === 15 && controller.abort());
    await train(smallRun(resumed, { signal: controller.signal, onEvent }, options));
    await train(smallRun(resumed, { resume: true }, options));
    expect(metricsOf(resumed)).toEqual(metricsOf(alone));
    const best = (runDir: string) => readFileSync(join(runDir, "best.safetensors"));
    expect(best(resumed).equals(best(alone))).toBe(true);
    await train(smallRun(without, {}, { ...options, mix: null }));
    expect(metricsOf(without)).not.toEqual(metricsOf(alone));
  });
});
