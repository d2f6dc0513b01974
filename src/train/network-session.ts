// What the trainer needs of the engine: take a step, predict, and hand over the state.
import type { AverageShares } from "../optim/average.ts";
import type { ImageSize } from "../optim/image-size.ts";
import type { Tensor } from "../tensor.ts";

/** Named tensors that together are a training run's state at one moment. */
export interface TrainingState {
  /** Weights and biases, in checkpoint layout: [out, in, kh, kw], [out, in], [out]. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Not learnt but kept: running mean and variance of batch normalization. */
  readonly buffers: ReadonlyMap<string, Tensor>;
  /**
   * One entry per parameter and slot, for example `layer1.weight.momentum`. Where averages are used, `parameters` and
   * `buffers` are those, and what is trained stands here, as `layer1.weight.live`. In a checkpoint also the maps of
   * targeted Cutout.
   */
  readonly optimizer: ReadonlyMap<string, Tensor>;
}

/**
 * Takes the memory of images back. Whoever hands this over with the images gives them away: they may move to another
 * thread, and only the array given back may be used again.
 */
export type GiveBack = (images: Float32Array) => void;

/** What changes from step to step. */
export interface Hyperparameters {
  readonly learningRate: number;
  /** Of what is drawn inside the network. */
  readonly seed: number;
  /** Where averages are kept; left out they are the weights themselves. */
  readonly average?: AverageShares | undefined;
  /** Of the images that the network sees: they are averaged down to it. Left out it is theirs. */
  readonly size?: ImageSize | undefined;
}

export interface TrainingSession {
  readonly batchSize: number;
  /** Numbers that the network gives for an image. */
  readonly outputSize: number;
  /**
   * One step on a full batch.
   * @param images [batchSize, channels, height, width]
   * @param targets [batchSize, ...target] of the objective
   * @param seed 32-bit seed of this step's dropout masks
   * @returns mean loss of the batch before the update, the network's output [batchSize, ...output], and where a layer is
   * watched the most activated map of each image, [batchSize, height * width]
   */
  step(
    images: Float32Array,
    targets: Float32Array,
    hyper: Hyperparameters,
    giveBack?: GiveBack,
  ): Promise<{ readonly loss: number; readonly output: Float32Array; readonly maps?: Float32Array }>;
  /**
   * The output with running statistics and without dropout, for any number of images.
   * @param images [count, channels, height, width]
   * @returns [count, ...output]
   */
  predict(images: Float32Array, count: number, giveBack?: GiveBack): Promise<Float32Array>;
  /**
   * Finds the running statistics of the averages anew: the mean over batches, one a call.
   * @param images [batchSize, channels, height, width]
   * @param hyper `batch`: how many came before it, 0 to begin anew
   * @returns whether the network has such statistics
   */
  renew(
    images: Float32Array,
    hyper: { readonly seed: number; readonly batch: number },
    giveBack?: GiveBack,
  ): Promise<boolean>;
  /** A copy of the state; later steps do not change it. */
  state(): TrainingState | Promise<TrainingState>;
  /**
   * Continues from a state; one whose optimizer is empty is begun with: nothing is remembered but its weights. Throws
   * when names or shapes differ from the network's.
   */
  load(state: TrainingState): void | Promise<void>;
  close(): Promise<void>;
}

/** A session of this thread: each step blocks it, and the state is at hand. */
export interface DirectSession extends TrainingSession {
  state(): TrainingState;
  load(state: TrainingState): void;
}
