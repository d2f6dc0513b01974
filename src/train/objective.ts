// What a network learns and how well it does it: all that the trainer, the step and the checkpoints ask of an objective.
import type { ImageShape } from "../augment/index.ts";
import type { Batch, Dataset } from "../data/index.ts";
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import type { Network } from "../nn/network.ts";
import type { Shape } from "../tensor.ts";
import type { BatchPlace, LabelledImages } from "./mix.ts";

/** The types of an objective's scores. */
export interface Scores {
  /** Of the images of an epoch, measured while they are learnt. */
  readonly train: { readonly loss: number };
  /** Of images that are only looked at: validation and test. */
  readonly score: { readonly loss: number };
  /** What an evaluation tells besides its score: each image's result, tables. */
  readonly details: object;
}

/** Plain data that can be sent to another thread. */
export type Plain = boolean | number | string | null | readonly Plain[] | { readonly [name: string]: Plain };

/**
 * An objective, by its name in the list of `objectives/index.ts` and its options: that is all another thread needs to
 * make it again.
 */
export interface ObjectiveSpec {
  readonly name: string;
  readonly options: { readonly [name: string]: Plain };
}

/** The half of an objective that becomes a part of the training graph. */
export interface Loss {
  /** Shape of one image's target. */
  targetShape(network: Network): Shape;
  /**
   * Adds the loss to the graph of a training step.
   * @param output of the network, batch innermost: [...output, N]
   * @param targets [N, ...target]
   * @returns [1], the mean over the batch
   */
  loss(g: Graph, output: Value, targets: Value): Value;
}

export interface Objective<S extends Scores = Scores> extends ObjectiveSpec, Loss {
  /** What of it must be the same for a resumed run. */
  readonly identity: { readonly [name: string]: Plain };
  /**
   * What is asked of the scores to find the best epoch, the most important first; the next decides among equals, then
   * the earlier epoch. The first is also what a plateau schedule follows.
   */
  readonly ranking: Ranking<S>;
  /**
   * The objective on given data.
   * @param images shape of what the pipeline makes
   * @throws when its options do not fit the data
   */
  on(dataset: Pick<Dataset, "classes" | "labels" | "names">, images: ImageShape): Task<S>;
}

/** Names of scores that are numbers. */
export type Ranking<S extends Scores = Scores> = readonly [Rank<S>, ...Rank<S>[]];

interface Rank<S extends Scores> {
  readonly score: Exclude<keyof S["score"] & string, "epoch">;
  readonly best: "highest" | "lowest";
}

export interface Task<S extends Scores = Scores> {
  /** Numbers that the network must give for an image. */
  readonly outputSize: number;
  /**
   * Soft labels of a batch, shares of the classes, [count, classes], which are mixed where images are (CutMix, Mixup). Null
   * for an objective without labels.
   */
  labels(batch: Batch): Float32Array | null;
  /** What a step learns from images as they were augmented and mixed. */
  lesson(batch: LabelledImages, place: BatchPlace): Lesson;
  /** The score while learning, besides the loss. @param sums over `images` images */
  trained(sums: Sums, images: number): Omit<S["train"], "loss">;
  /** Begins to score images. @param indices [n], n >= 1, in the dataset */
  scoring(indices: Int32Array): Scoring<S>;
}

/** Sums that an objective keeps over the images of an epoch, by names of its own. */
export type Sums = Readonly<Record<string, number>>;

export interface Lesson {
  /** What the network sees: the images given, or others made of them. */
  readonly images: Float32Array;
  /** [count, ...target] */
  readonly targets: Float32Array;
  /**
   * What the step adds to the objective's sums: under other names than `loss`, `seconds` and those that begin with
   * `timed`, which are the trainer's.
   * @param output of the network before the update, [count, ...output]
   */
  learnt(output: Float32Array): Sums;
}

export interface Scoring<S extends Scores = Scores> {
  /**
   * The next batch of the images, in order; with several views all of them come again for each.
   * @param first place of the batch's first image among the images that are scored
   * @param weight share of this view in the mean over all of an image, which are 1 together
   */
  question(batch: Batch, first: number, weight: number): Question;
  score(): S["score"];
  details(): S["details"];
}

/** What a network is asked about a batch that it only looks at. */
export interface Question {
  /** What the network sees: the images of the batch, or others made of them. */
  readonly images: Float32Array;
  /** @param output [count, ...output] */
  answered(output: Float32Array): void;
}
