// Scores of classification: the lines of metrics.jsonl and evaluation.json of a run folder.

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
  readonly crops: "center" | "ten";
  readonly epoch: number;
  readonly score: Score;
}
