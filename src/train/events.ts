// What a training run tells: the lines of metrics.jsonl, and what a progress display listens to.
import type { Crops } from "../augment/index.ts";
import type { ClassScores } from "./evaluation.ts";
import type { Scores } from "./objective.ts";

/** One epoch, written when it ends; of classification where nothing else is said. */
export interface EpochRecord<S extends Scores = ClassScores> {
  readonly type: "epoch";
  /** 1 for the first. */
  readonly epoch: number;
  /** Training steps since the start of the run. */
  readonly step: number;
  readonly learningRate: number;
  /** Measured on the augmented images while they are learnt. */
  readonly train: S["train"];
  /** Null in a run without a validation part. */
  readonly validation: S["score"] | null;
  /** Whether this epoch is the best on validation so far; without validation none is. */
  readonly best: boolean;
  readonly imagesPerSecond: number;
  /** Wall-clock seconds of this epoch, validation counted in. */
  readonly seconds: number;
}

/** The last line of a finished run: the kept weights on the test part. */
export interface TestRecord<S extends Scores = ClassScores> {
  readonly type: "test";
  readonly epoch: number;
  readonly crops: Crops;
  readonly test: S["score"];
}

export type MetricsRecord<S extends Scores = ClassScores> = EpochRecord<S> | TestRecord<S>;

/** A step, with the running means of its epoch so far. */
export type StepEvent<S extends Scores = ClassScores> = {
  readonly type: "step";
  readonly epoch: number;
  readonly epochs: number;
  readonly stepInEpoch: number;
  readonly stepsPerEpoch: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
} & S["train"];

/** The record of an epoch that has just ended. */
export type EpochEvent<S extends Scores = ClassScores> = EpochRecord<S> & {
  /** Whether it was the last one: of all, or early stopping has ended the training. */
  readonly last: boolean;
};

/** More often than lines of metrics: for a progress display. */
export type TrainingEvent<S extends Scores = ClassScores> =
  | { readonly type: "phase"; readonly phase: "compile" | "train" | "validate" | "test" }
  | StepEvent<S>
  | EpochEvent<S>
  | TestRecord<S>
  | { readonly type: "message"; readonly text: string };
