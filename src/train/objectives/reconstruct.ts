// What learning without labels shares: images are corrupted, the network gives them whole, squared errors have weights.
import type { ImageShape } from "../../augment/index.ts";
import type { Dataset } from "../../data/index.ts";
import type { Graph } from "../../graph/graph.ts";
import { reshape } from "../../graph/shape.ts";
import type { Value } from "../../graph/types.ts";
import { type Rng, stream } from "../../rng.ts";
import { sizeOf } from "../../tensor.ts";
import type { Reconstruction, ReconstructionScores, ShownReconstruction } from "../evaluation.ts";
import type { Loss, Objective, ObjectiveSpec, Plain, Scoring, Task } from "../objective.ts";

/** What was done to an image, each [channels, height, width]. */
export interface Corrupted {
  /** 1 where the number has been replaced or changed. */
  readonly touched: Uint8Array;
  /** Weight of the squared error there, 0 or more; those of an image are brought to the sum 1. */
  readonly weights: Float32Array;
}

/** Corrupts the normalized image at `images[offset]`. */
export type Corrupt = (rng: Rng, images: Float32Array, offset: number) => Corrupted;

/** Test images that are kept to be looked at. */
const shownImages = 24;

/**
 * The loss of a batch: mean over its images of sum_i w_i (y_i - x_i)^2, where x is the clean image as the network would
 * see it, y what the network gives, and the weights w of an image sum to 1 (to 0 where none has weight).
 */
const loss: Loss = {
  targetShape: ({ output }) => [2, ...output],
  loss(g: Graph, output: Value, targets: Value): Value {
    const count = targets.shape[0]!;
    const size = sizeOf(output.shape) / count;
    const columns = g.apply("transpose", [reshape(g, targets, [count, 2 * size])], { permutation: [1, 0] });
    const rows = (start: number) =>
      g.apply("slice", [columns], { starts: [start, 0], ends: [start + size, count], steps: [1, 1] });
    const difference = g.apply("sub", [reshape(g, output, [size, count]), rows(0)]);
    const squares = g.apply("mul", [difference, difference]);
    const sum = g.apply("reduceSum", [g.apply("mul", [rows(size), squares])], { axes: [0, 1] });
    return g.apply("mul", [reshape(g, sum, [1]), g.scalar(1 / count)]);
  },
};

/**
 * An objective that rebuilds images; the best epoch has the lowest loss.
 * @param identity what of it must be the same for a resumed run
 * @param on how images of a shape are corrupted; throws when they cannot be
 */
export function reconstruction(
  spec: ObjectiveSpec,
  identity: Plain,
  on: (images: ImageShape) => Corrupt,
): Objective<ReconstructionScores> {
  return {
    ...spec,
    ...loss,
    identity: { objective: identity },
    ranking: [{ score: "loss", best: "lowest" }],
    on: (dataset, images) => rebuilding(dataset, images, on(images)),
  };
}

function rebuilding(
  dataset: Pick<Dataset, "names">,
  { channels, height, width }: ImageShape,
  corrupt: Corrupt,
): Task<ReconstructionScores> {
  const size = channels * height * width;
  return {
    outputSize: size,
    labels: () => null,
    lesson({ images, count }, { seed, epoch, batch }) {
      const exercises = Array.from({ length: count }, (_, image) =>
        exercise(images, image * size, size, corrupt, stream(seed, "corruption", epoch, batch, image)),
      );
      const targets = new Float32Array(2 * count * size);
      exercises.forEach(({ clean, weights }, image) => {
        targets.set(clean, 2 * image * size);
        targets.set(weights, (2 * image + 1) * size);
      });
      return {
        images,
        targets,
        learnt(output) {
          const errors = exercises.map((each, image) => errorsOf(each, output, image * size));
          return {
            corrupted: errors.reduce((sum, { corrupted }) => sum + (corrupted ?? 0), 0),
            corruptedImages: errors.filter(({ corrupted }) => corrupted !== null).length,
          };
        },
      };
    },
    trained: ({ corrupted = 0, corruptedImages = 0 }) => ({
      corrupted: corruptedImages === 0 ? 0 : corrupted / corruptedImages,
    }),
    scoring: (indices) => scoringOf(dataset, indices, size, corrupt),
  };
}

function scoringOf(
  { names }: Pick<Dataset, "names">,
  indices: Int32Array,
  size: number,
  corrupt: Corrupt,
): Scoring<ReconstructionScores> {
  const losses = new Float64Array(indices.length);
  const corrupted = new Float64Array(indices.length);
  /** Weight of an image's views in which something was corrupted. */
  const views = new Float64Array(indices.length);
  /** By their place among the images, from the first view: spread over all of them. */
  const shown = new Map<number, ShownReconstruction>();
  const toShow = new Set(
    Array.from({ length: Math.min(shownImages, indices.length) }, (_, at) =>
      Math.floor((at * indices.length) / Math.min(shownImages, indices.length)),
    ),
  );
  let seen = 0;
  const perView = (sum: number) => sum / (seen / indices.length);
  const corruptedOf = (image: number) => (views[image] === 0 ? 0 : corrupted[image]! / views[image]!);
  const mean = (numbers: ArrayLike<number>, count: number) =>
    count === 0 ? 0 : Array.from(numbers).reduce((sum, number) => sum + number, 0) / count;
  return {
    question({ images, indices: here, count }, first, weight) {
      // The same corruption of an image after each epoch.
      const exercises = Array.from({ length: count }, (_, image) =>
        exercise(images, image * size, size, corrupt, stream(0, "corruption", here[image]!)),
      );
      const masked = new Map<number, Float32Array>();
      for (let image = 0; image < count; image++) {
        if (!toShow.has(first + image) || shown.has(first + image)) continue;
        masked.set(image, images.slice(image * size, (image + 1) * size));
      }
      return {
        images,
        answered(output) {
          exercises.forEach((each, image) => {
            const { loss, corrupted: error } = errorsOf(each, output, image * size);
            losses[first + image]! += weight * loss;
            corrupted[first + image]! += weight * (error ?? 0);
            views[first + image]! += error === null ? 0 : weight;
          });
          for (const [image, seenImage] of masked) {
            const { clean, weights } = exercises[image]!;
            const rebuilt = clean.map((value, at) => (weights[at]! > 0 ? output[image * size + at]! : value));
            shown.set(first + image, { clean, seen: seenImage, rebuilt });
          }
          seen += weight * count;
        },
      };
    },
    score: () => ({
      loss: perView(mean(losses, indices.length)),
      corrupted: mean(
        Array.from(indices, (_, image) => corruptedOf(image)),
        views.filter((count) => count > 0).length,
      ),
      count: indices.length,
    }),
    details: () => ({
      reconstructions: Array.from(
        indices,
        (index, image): Reconstruction => ({
          name: names[index]!,
          loss: perView(losses[image]!),
          corrupted: corruptedOf(image),
          picture: null,
          shown: shown.get(image) ?? null,
        }),
      ),
    }),
  };
}

/** An image as it was, what has been done to it, and what counts. */
interface Exercise extends Corrupted {
  readonly clean: Float32Array;
}

/** Corrupts an image in its place. */
function exercise(images: Float32Array, offset: number, size: number, corrupt: Corrupt, rng: Rng): Exercise {
  const clean = images.slice(offset, offset + size);
  const { touched, weights } = corrupt(rng, images, offset);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { clean, touched, weights: sum === 0 ? weights : weights.map((weight) => weight / sum) };
}

/** @returns also the mean squared error of what was corrupted; null where nothing was */
function errorsOf(
  { clean, touched, weights }: Exercise,
  output: Float32Array,
  start: number,
): { readonly loss: number; readonly corrupted: number | null } {
  let loss = 0;
  let sum = 0;
  let count = 0;
  for (let at = 0; at < clean.length; at++) {
    const square = (output[start + at]! - clean[at]!) ** 2;
    loss += weights[at]! * square;
    sum += touched[at]! * square;
    count += touched[at]!;
  }
  return { loss, corrupted: count === 0 ? null : sum / count };
}
