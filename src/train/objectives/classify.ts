// Classification, each image into one of K classes: labels and targets, the loss, scores and evaluation.
import type { Dataset } from "../../data/index.ts";
import { CutoutError } from "../../error.ts";
import type { ClassScores, Score } from "../evaluation.ts";
import type { Objective, Scoring, Task } from "../objective.ts";
import { argmax, classDetails, scoreOf } from "./classify-metrics.ts";

export interface ClassifyOptions {
  /** Share of each target that is spread over all classes, 0 to 1, 1 not included. */
  readonly labelSmoothing: number;
  /** One weight >= 0 for each class, as those of PyTorch's `CrossEntropyLoss`, with label smoothing too; null is off. */
  readonly classWeights: readonly number[] | null;
}

/** Softmax and cross-entropy; the best epoch has the highest top-1, among equals the lower loss. */
export function classify({ labelSmoothing, classWeights }: ClassifyOptions): Objective<ClassScores> {
  return {
    name: "classify",
    options: { labelSmoothing, classWeights },
    // Without label smoothing, and without a name: so they stand in the checkpoints that there are.
    identity: { classWeights },
    ranking: [
      { score: "top1", best: "highest" },
      { score: "loss", best: "lowest" },
    ],
    targetShape: ({ numClasses }) => [numClasses],
    loss(g, output, targets) {
      const columns = g.apply("transpose", [targets], { permutation: [1, 0] });
      // Smoothed targets are weighted class by class, so with weights the targets come smoothed.
      const smoothing = classWeights === null ? labelSmoothing : 0;
      return g.apply("crossEntropy", [output, columns], { labelSmoothing: smoothing });
    },
    on: (dataset) => classification(dataset, { labelSmoothing, classWeights }),
  };
}

function classification(
  dataset: Pick<Dataset, "classes" | "labels" | "names">,
  { labelSmoothing, classWeights }: ClassifyOptions,
): Task<ClassScores> {
  const numClasses = dataset.classes.length;
  checkClassWeights(classWeights, dataset.classes);
  return {
    outputSize: numClasses,
    labels: ({ labels }) => oneHot(labels, numClasses),
    lesson({ images, labels, count }) {
      const softLabels = labels!;
      return {
        images,
        targets: softTargets(softLabels, numClasses, classWeights, labelSmoothing),
        learnt(logits) {
          let correct = 0;
          for (let start = 0; start < count * numClasses; start += numClasses) {
            // Of a mixed image the class with the greatest share is the right one.
            if (argmax(logits, start, numClasses) === argmax(softLabels, start, numClasses)) correct++;
          }
          return { correct };
        },
      };
    },
    trained: ({ correct = 0 }, images) => ({ top1: correct / images }),
    scoring: (indices) => classScoring(dataset, indices),
  };
}

export interface ClassScoring extends Scoring<ClassScores> {
  /** [n, classes], in the order of the images: the weighted mean over the views of softmax(logits). */
  probabilities(): Float32Array;
}

/**
 * Class probabilities of images, and their score: the loss is the mean of -log(p[n, label]) of the averaged
 * probabilities, held at 2^-126 or above.
 * @param indices [n] of the images in the dataset
 */
export function classScoring(
  { classes, labels, names }: Pick<Dataset, "classes" | "labels" | "names">,
  indices: Int32Array,
): ClassScoring {
  const numClasses = classes.length;
  const sums = new Float64Array(indices.length * numClasses);
  let seen = 0;
  const probabilities = () => Float32Array.from(sums, (sum) => sum / (seen / indices.length));
  const own = indices.map((index) => labels[index]!);
  return {
    question: ({ images, count }, first, weight) => ({
      images,
      answered(logits) {
        for (let row = 0; row < count; row++) {
          const to = (first + row) * numClasses;
          addSoftmax(logits, row * numClasses, numClasses, weight, sums, to);
        }
        seen += weight * count;
      },
    }),
    probabilities,
    score: (): Score => scoreOf(probabilities(), own, numClasses),
    details: () =>
      classDetails({
        classes,
        probabilities: probabilities(),
        labels: own,
        names: Array.from(indices, (index) => names[index]!),
      }),
  };
}

/** sums += weight exp(x - max) / sum(exp(x - max)), in double precision. */
function addSoftmax(
  logits: Float32Array,
  start: number,
  count: number,
  weight: number,
  sums: Float64Array,
  target: number,
): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index++) largest = Math.max(largest, logits[start + index]!);
  let total = 0;
  for (let index = 0; index < count; index++) total += Math.exp(logits[start + index]! - largest);
  for (let index = 0; index < count; index++) {
    sums[target + index]! += (weight * Math.exp(logits[start + index]! - largest)) / total;
  }
}

/** Labels as soft labels: 1 for the label, 0 for the others. [N, numClasses] */
export function oneHot(labels: Int32Array, numClasses: number): Float32Array {
  const softLabels = new Float32Array(labels.length * numClasses);
  labels.forEach((label, index) => {
    softLabels[index * numClasses + label] = 1;
  });
  return softLabels;
}

/**
 * Targets whose plain batch mean of the cross-entropy is PyTorch's weighted one:
 * mean_n(sum_k t[n,k] * -log p[n,k]) = sum_n(w[y_n] * -log p[n,y_n]) / sum_n(w[y_n]),
 * so t[n] = onehot(y_n) * w[y_n] * N / sum(w[y]). Without weights t is one-hot.
 *
 * Of labels that are mixed, s_n = lambda onehot(y_n) + (1 - lambda) onehot(y_m), t[n,k] = s[n,k] w[k] N / sum(s w):
 * with m a permutation of n that is lambda times the weighted loss for y_n plus (1 - lambda) times that for y_m.
 *
 * With label smoothing e, as PyTorch's `CrossEntropyLoss(weight, label_smoothing)`, each class's part of the smoothed
 * target has the weight of that class: t[n,k] = ((1 - e) s[n,k] + e / K) w[k] N / sum(s w). The sum is that of the labels
 * as they were, so that the loss is
 * ((1 - e) sum_n(w[y_n] * -log p[n,y_n]) + e / K sum_n(sum_k(w[k] * -log p[n,k]))) / sum_n(w[y_n]).
 *
 * A batch whose weights are all 0 has targets of 0: nothing is learnt from it.
 * @param softLabels shares of the classes in each image, [N, numClasses]: rows sum to 1
 * @param weights [numClasses]; null: the labels as they are, which the loss then smooths
 * @param labelSmoothing share e of each target that is spread over all classes
 * @returns [N, numClasses]
 */
export function softTargets(
  softLabels: Float32Array,
  numClasses: number,
  weights: readonly number[] | null,
  labelSmoothing = 0,
): Float32Array {
  if (weights === null) return softLabels;
  let total = 0;
  for (let index = 0; index < softLabels.length; index++)
    total += softLabels[index]! * weights[index % numClasses]!;
  const scale = total > 0 ? softLabels.length / numClasses / total : 0;
  const spread = labelSmoothing / numClasses;
  return softLabels.map(
    (share, index) => ((1 - labelSmoothing) * share + spread) * weights[index % numClasses]! * scale,
  );
}

/** Throws when there is not one finite weight >= 0 for each class, or all are 0. */
export function checkClassWeights(weights: readonly number[] | null, classes: readonly string[]): void {
  if (weights === null) return;
  const refuse = (what: string, got: string) => {
    throw new CutoutError({ where: "class weights", what, got, kind: "settings" });
  };
  if (weights.length !== classes.length) {
    refuse(`there must be one for each of the ${classes.length} classes`, `${weights.length}`);
  }
  weights.forEach((weight, index) => {
    if (!Number.isFinite(weight) || weight < 0) {
      refuse(`the weight of ${classes[index]} must be a number >= 0`, `${weight}`);
    }
  });
  if (weights.every((weight) => weight === 0)) refuse("one must be greater than 0", "only 0");
}
