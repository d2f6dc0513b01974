// Soft targets against PyTorch's formula of the weighted cross-entropy.
import fc from "fast-check";
import { expect, test } from "vitest";
import { mixLabels } from "../../augment/batch/image-batch.ts";
import { Graph } from "../../graph/graph.ts";
import { checkClassWeights, classify, oneHot, softTargets } from "./classify.ts";

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

/** -log softmax, in double precision. */
function losses(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const total = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return logits.map((logit) => total - logit);
}

/** The documented formula of PyTorch's CrossEntropyLoss(weight, label_smoothing), reduction "mean". */
function pytorchLoss(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  weights: readonly number[],
  labelSmoothing: number,
): number {
  let [hard, smooth, total] = [0, 0, 0];
  logits.forEach((row, n) => {
    const loss = losses(row);
    const weight = weights[labels[n]!]!;
    hard += weight * loss[labels[n]!]!;
    smooth += loss.reduce((sum, value, k) => sum + weights[k]! * value, 0);
    total += weight;
  });
  return ((1 - labelSmoothing) * hard + (labelSmoothing / weights.length) * smooth) / total;
}

/** The mean cross-entropy of logits and of the targets that the session gets. */
function lossByTargets(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  weights: readonly number[],
  labelSmoothing: number,
): number {
  const numClasses = weights.length;
  const targets = softTargets(
    oneHot(Int32Array.from(labels), numClasses),
    numClasses,
    weights,
    labelSmoothing,
  );
  const flat = logits.flatMap(losses);
  return flat.reduce((sum, loss, at) => sum + targets[at]! * loss, 0) / logits.length;
}

test("weights with label smoothing: PyTorch's loss, each class's share of the smoothing by its own weight", () => {
  fc.assert(
    fc.property(anyBatch, fc.double({ min: 0, max: 0.99, noNaN: true }), ({ weights, images }, smoothing) => {
      const labels = images.map(({ label }) => label);
      const logits = images.map((image) => image.logits);
      const expected = pytorchLoss(logits, labels, weights, smoothing);
      const loss = lossByTargets(logits, labels, weights, smoothing);
      expect(Math.abs(loss - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, expected));
    }),
  );
});

test.each([
  [0, 0.5472142179433348],
  [0.1, 0.6668546056836514],
  [0.4, 1.0257757689046012],
])("with label smoothing %d the documented formula gives %d", (smoothing, loss) => {
  const logits = [
    [2, 0.5, -1],
    [0.1, 0.2, 0.3],
    [-1, 3, 0],
    [0.5, 0.5, 2],
  ];
  // By another program, in doubles.
  const [labels, weights] = [
    [0, 2, 1, 0],
    [0.5, 2, 1],
  ];
  expect(pytorchLoss(logits, labels, weights, smoothing)).toBeCloseTo(loss, 12);
  expect(lossByTargets(logits, labels, weights, smoothing)).toBeCloseTo(loss, 6);
});

test("the graph smooths where no weights do", () => {
  const smoothingOf = (classWeights: readonly number[] | null) => {
    const g = new Graph();
    const output = g.input("output", "float32", [3, 2]);
    const targets = g.input("targets", "float32", [2, 3]);
    const { source } = classify({ labelSmoothing: 0.1, classWeights }).loss(g, output, targets);
    return (
      source.kind === "operation" && (source.attrs as { readonly labelSmoothing: number }).labelSmoothing
    );
  };
  expect(smoothingOf(null)).toBe(0.1);
  expect(smoothingOf([1, 2, 3])).toBe(0);
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
