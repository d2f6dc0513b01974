// What a training run tells: the lines of metrics.jsonl, and what a progress display listens to.

/** Mean loss and accuracies (0 to 1) over a set of images. */
export interface Score {
  readonly loss: number;
  readonly top1: number;
  /** Share of images whose class is among the five likeliest; 1 with five classes or fewer. */
  readonly top5: number;
  readonly count: number;
}

/** One epoch, written when it ends. `train` is measured on the augmented images while they are learnt. */
export interface EpochRecord {
  readonly type: "epoch";
  /** 1 for the first. */
  readonly epoch: number;
  /** Training steps since the start of the run. */
  readonly step: number;
  readonly learningRate: number;
  readonly train: { readonly loss: number; readonly top1: number };
  readonly validation: Score;
  /** Whether this epoch is the best on validation so far. */
  readonly best: boolean;
  readonly imagesPerSecond: number;
  /** Wall-clock seconds of this epoch, validation counted in. */
  readonly seconds: number;
}

/** The last line of a finished run: the best checkpoint on the test part. */
export interface TestRecord {
  readonly type: "test";
  readonly epoch: number;
  readonly crops: "center" | "ten";
  readonly test: Score;
}

export type MetricsRecord = EpochRecord | TestRecord;

/** More often than lines of metrics: for a progress display. */
export type TrainingEvent =
  | { readonly type: "phase"; readonly phase: "compile" | "train" | "validate" | "test" }
  | {
      readonly type: "step";
      readonly epoch: number;
      readonly epochs: number;
      readonly stepInEpoch: number;
      readonly stepsPerEpoch: number;
      /** Running means over this epoch so far. */
      readonly loss: number;
      readonly top1: number;
      readonly learningRate: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | EpochRecord
  | TestRecord
  | { readonly type: "message"; readonly text: string };
