// Scores of classification and of reconstruction: the lines of metrics.jsonl and evaluation.json of a run folder.
import type { Crops } from "../augment/index.ts";

/** Mean loss and accuracies (0 to 1) over a set of images. */
export interface Score {
  readonly loss: number;
  readonly top1: number;
  /** Share of images whose class is among the five likeliest; 1 with five classes or fewer. */
  readonly top5: number;
  readonly count: number;
}

export interface ClassScores {
  readonly train: { readonly loss: number; readonly top1: number };
  readonly score: Score;
  readonly details: ClassDetails;
}

export interface ClassScore {
  readonly name: string;
  /** Test images of this class. */
  readonly support: number;
  /** 0 to 1; null when nothing was predicted as this class. */
  readonly precision: number | null;
  /** 0 to 1; null when the test part has none of it. */
  readonly recall: number | null;
  readonly f1: number | null;
}

export interface ImagePrediction {
  /** Name of the image in the dataset. */
  readonly name: string;
  readonly label: number;
  readonly predicted: number;
  /** Probability of the predicted class. */
  readonly confidence: number;
  /** Cross-entropy of the true class, natural logarithm. */
  readonly loss: number;
  /** File below the run folder (`images/000123.webp`), for those kept to be looked at. */
  readonly picture: string | null;
}

export interface ClassDetails {
  readonly classes: readonly ClassScore[];
  /** confusion[label][predicted] counts images. */
  readonly confusion: readonly (readonly number[])[];
  /** Every test image, in the order of the split. */
  readonly predictions: readonly ImagePrediction[];
}

/** How the kept weights did on each test image. */
export interface Evaluation extends ClassDetails {
  readonly crops: Crops;
  readonly epoch: number;
  readonly score: Score;
}

/** Mean errors over a set of images that were rebuilt from corrupted ones, in units of the normalized image. */
export interface ReconstructionScore {
  /** What is learnt: the weighted mean of squared errors. */
  readonly loss: number;
  /** Mean squared error of the numbers that were corrupted, whatever their weight; 0 where none was. */
  readonly corrupted: number;
  readonly count: number;
}

export interface ReconstructionScores {
  readonly train: { readonly loss: number; readonly corrupted: number };
  readonly score: ReconstructionScore;
  readonly details: { readonly reconstructions: readonly Reconstruction[] };
}

/** How the kept weights rebuilt each test image. */
export interface ReconstructionEvaluation {
  readonly crops: Crops;
  readonly epoch: number;
  readonly score: ReconstructionScore;
  readonly reconstructions: readonly Reconstruction[];
}

/** One test image. */
export interface Reconstruction {
  /** Name of the image in the dataset. */
  readonly name: string;
  readonly loss: number;
  readonly corrupted: number;
  /** File below the run folder with the image, what the network saw, and what it made of it side by side. */
  readonly picture: string | null;
  /** The same as numbers, of the images that are to be shown; null in what a run folder keeps. */
  readonly shown: ShownReconstruction | null;
}

/** Normalized images, [channels, height, width]. */
export interface ShownReconstruction {
  readonly clean: Float32Array;
  readonly seen: Float32Array;
  /** What the network gave where its errors have weight, and the image elsewhere. */
  readonly rebuilt: Float32Array;
}
