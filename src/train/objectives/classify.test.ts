// Soft targets against PyTorch's formula of the weighted cross-entropy.
import fc from "fast-check";
import { expect, test } from "vitest";
import { mixLabels } from "../../augment/batch/image-batch.ts";
import { checkClassWeights, oneHot, softTargets } from "./classify.ts";

const anyBatch = fc.integer({ min: 1, max: 5 }).chain((numClasses) =>
  fc.record({
    numClasses: fc.constant(numClasses),
    weights: fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), {
      minLength: numClasses,
      maxLength: numClasses,
    }),
    images: fc.array(
      fc.record({
        label: fc.nat(numClasses - 1),
        logits: fc.array(fc.double({ min: -9, max: 9, noNaN: true }), {
          minLength: numClasses,
          maxLength: numClasses,
        }),
      }),
      { minLength: 1, maxLength: 9 },
    ),
  }),
);

test("the plain mean over the targets is sum(w[y] * loss) / sum(w[y])", () => {
  fc.assert(
    fc.property(anyBatch, fc.boolean(), ({ numClasses, weights, images }, weighted) => {
      const labels = Int32Array.from(images, (image) => image.label);
      const targets = softTargets(oneHot(labels, numClasses), numClasses, weighted ? weights : null);
      const logs = images.map(({ logits }) => {
        const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
        return logits.map((logit) => logit - total);
      });
      const mean = logs.flat().reduce((sum, log, index) => sum - targets[index]! * log, 0) / images.length;
      const weightOf = (label: number) => (weighted ? weights[label]! : 1);
      const expected =
        images.reduce((sum, { label }, n) => sum - weightOf(label) * logs[n]![label]!, 0) /
        images.reduce((sum, { label }) => sum + weightOf(label), 0);
      expect(Math.abs(mean - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, expected));
    }),
  );
});

test("mixed labels: lambda times the weighted loss of the one, and the rest of the other", () => {
  fc.assert(
    fc.property(
      anyBatch,
      fc.double({ min: 0, max: 1, noNaN: true }),
      ({ numClasses, weights, images }, lambda) => {
        const count = images.length;
        const labels = Int32Array.from(images, (image) => image.label);
        // Each image with the one before it.
        const partners = images.map((_, image) => (image + count - 1) % count);
        const others = labels.map((_, image) => labels[partners[image]!]!);
        const mixed = mixLabels(oneHot(labels, numClasses), partners, lambda)!;
        const [own, other, both] = [oneHot(labels, numClasses), oneHot(others, numClasses), mixed].map(
          (shares) => softTargets(shares, numClasses, weights),
        );
        both!.forEach((value, at) => {
          const expected = lambda * own![at]! + (1 - lambda) * other![at]!;
          expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-4 * Math.max(1, expected));
        });
      },
    ),
  );
});

test("without weights the targets are one-hot", () => {
  const targets = softTargets(oneHot(Int32Array.of(2, 0), 3), 3, null);
  expect([...targets]).toEqual([0, 0, 1, 1, 0, 0]);
});

test("a batch of weight 0 teaches nothing", () => {
  const targets = softTargets(oneHot(Int32Array.of(1), 2), 2, [1, 0]);
  expect([...targets]).toEqual([0, 0]);
});

test.each([
  [[1], /one for each of the 2 classes, got 1/],
  [[1, -1], /the weight of dog must be a number >= 0, got -1/],
  [[Number.NaN, 1], /the weight of cat must be a number >= 0, got NaN/],
  [[0, 0], /one must be greater than 0, got only 0/],
])("bad weights %j", (weights, message) => {
  expect(() => checkClassWeights(weights, ["cat", "dog"])).toThrow(message);
});
