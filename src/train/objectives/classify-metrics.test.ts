// Metrics against naive versions that follow the definitions.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classDetails, classScores, confusionMatrix, crossEntropy, scoreOf } from "./classify-metrics.ts";

/** Few distinct values, so that ties come up. */
const anyCase = fc.integer({ min: 2, max: 8 }).chain((numClasses) =>
  fc
    .array(
      fc.record({
        label: fc.nat(numClasses - 1),
        row: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: numClasses, maxLength: numClasses }),
      }),
      { minLength: 1, maxLength: 20 },
    )
    .map((images) => ({
      numClasses,
      labels: images.map((image) => image.label),
      rows: images.map(({ row }) => row.map((value) => Math.fround((value + 0.01) / 40))),
    })),
);

const ranking = (row: readonly number[]) =>
  row.map((_, index) => index).sort((a, b) => row[b]! - row[a]! || a - b);

test("top-1, top-5 and loss", () => {
  fc.assert(
    fc.property(anyCase, ({ numClasses, labels, rows }) => {
      const score = scoreOf(Float32Array.from(rows.flat()), labels, numClasses);
      const within = (k: number) =>
        rows.filter((row, n) => ranking(row).slice(0, k).includes(labels[n]!)).length;
      const losses = rows.map((row, n) => -Math.log(row[labels[n]!]!));
      expect(score.top1).toBe(within(1) / rows.length);
      expect(score.top5).toBe(within(5) / rows.length);
      if (numClasses <= 5) expect(score.top5).toBe(1);
      expect(score.loss).toBeCloseTo(losses.reduce((a, b) => a + b) / rows.length, 12);
      expect(score.count).toBe(rows.length);
    }),
  );
});

test("confusion, precision, recall and F1", () => {
  fc.assert(
    fc.property(anyCase, ({ numClasses, labels, rows }) => {
      const names = labels.map((_, index) => `${index}`);
      const classes = Array.from({ length: numClasses }, (_, index) => `class ${index}`);
      const probabilities = Float32Array.from(rows.flat());
      const evaluation = classDetails({ classes, probabilities, labels, names });
      const predicted = rows.map((row) => ranking(row)[0]!);
      const both = (label: number | null, guess: number | null) =>
        labels.filter((y, n) => (label ?? y) === y && (guess ?? predicted[n]) === predicted[n]).length;
      classes.forEach((name, c) => {
        const scores = evaluation.classes[c]!;
        const precision = both(null, c) === 0 ? null : both(c, c) / both(null, c);
        const recall = both(c, null) === 0 ? null : both(c, c) / both(c, null);
        expect({ ...scores, f1: null }).toEqual({
          name,
          support: both(c, null),
          precision,
          recall,
          f1: null,
        });
        if (precision === null && recall === null) expect(scores.f1).toBeNull();
        else if (precision && recall) {
          expect(scores.f1).toBeCloseTo((2 * precision * recall) / (precision + recall), 12);
        } else expect(scores.f1).toBe(0);
        classes.forEach((_, guess) => {
          expect(evaluation.confusion[c]![guess]).toBe(both(c, guess));
        });
      });
      evaluation.predictions.forEach((prediction, n) => {
        expect(prediction).toEqual({
          name: names[n],
          label: labels[n],
          predicted: predicted[n],
          confidence: rows[n]![predicted[n]!],
          loss: -Math.log(rows[n]![labels[n]!]!),
          picture: null,
        });
      });
    }),
  );
});

describe("edges", () => {
  test("a probability that has become 0 costs 87.3, NaN stays NaN and is never right", () => {
    expect(crossEntropy(0)).toBeCloseTo(126 * Math.LN2, 12);
    expect(crossEntropy(1)).toBeCloseTo(0, 15);
    expect(scoreOf(Float32Array.of(Number.NaN, Number.NaN), [1], 2).loss).toBeNaN();
  });
  test("no image", () => {
    expect(() => scoreOf(new Float32Array(0), [], 2)).toThrow(/at least one image, got none/);
  });
  test("a class without images and predictions has no precision, recall and F1", () => {
    const confusion = confusionMatrix([0, 0], [0, 0], 2);
    expect(classScores(confusion, ["a", "b"])[1]).toEqual({
      name: "b",
      support: 0,
      precision: null,
      recall: null,
      f1: null,
    });
  });
});
