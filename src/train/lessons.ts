// What a batch becomes before a step learns it: masked, mixed, filtered, and given its targets.
import type { Batch } from "../data/index.ts";
import { stream } from "../rng.ts";
import { hardest, lossesOf, picked } from "./data-filter.ts";
import { type BatchPlace, type LabelledImages, mixed } from "./mix.ts";
import type { Hyperparameters } from "./network-session.ts";
import type { Lesson, Scores, Task } from "./objective.ts";
import type { TargetedMaps } from "./targeted.ts";
import type { TrainArguments } from "./train-arguments.ts";

/** A step's learning rate and image size; the small network of a filter has the same. */
export interface StepPace extends Pick<Hyperparameters, "learningRate" | "size"> {
  /** Steps since the start of the run. */
  readonly step: number;
}

export class Lessons<S extends Scores> {
  readonly #args: TrainArguments<S>;
  readonly #task: Task<S>;
  readonly #targeted: TargetedMaps | null;

  constructor(args: TrainArguments<S>, task: Task<S>, targeted: TargetedMaps | null) {
    this.#args = args;
    this.#task = task;
    this.#targeted = targeted;
  }

  /** @returns also the loss of the small network, which has learnt the same; null without a filter */
  async ofStep(
    batch: Batch,
    place: BatchPlace,
    pace: StepPace,
  ): Promise<{ readonly lesson: Lesson; readonly filterLoss: number | null }> {
    const all = this.#mixed(batch, place);
    const { seen, filterLoss } = await this.#filtered(all, place, pace);
    const lesson = this.#task.lesson(seen, place);
    this.#takeBack(batch, lesson.images);
    return { lesson, filterLoss };
  }

  /** Images as a step would see them, as many as it learns: what only statistics are wanted of. */
  forStatistics(batch: Batch, place: BatchPlace): Float32Array {
    const { filter, session, options } = this.#args;
    const whole = this.#task.lesson(this.#mixed(batch, place), place).images;
    const images =
      filter === undefined ? whole : whole.slice(0, (whole.length / options.batchSize) * session.batchSize);
    this.#takeBack(batch, images);
    return images;
  }

  /** Where images go that have been learnt: those of a whole batch are the loader's. */
  readonly giveBack = (images: Float32Array): void => {
    if (this.#args.filter === undefined) this.#args.loader.recycle(images);
  };

  /** The loader's images, where others were made of them. */
  #takeBack(batch: Batch, images: Float32Array): void {
    if (images !== batch.images) this.#args.loader.recycle(batch.images);
  }

  #mixed(batch: Batch, place: BatchPlace): LabelledImages {
    const { options, pipeline } = this.#args;
    this.#targeted?.mask(batch, place.epoch);
    const labelled = { images: batch.images, labels: this.#task.labels(batch), count: batch.count };
    return mixed(options.mix ?? null, labelled, pipeline.output, place);
  }

  /** What of a batch is learnt: all of it, or what is hardest for the small network. */
  async #filtered(
    all: LabelledImages,
    place: BatchPlace,
    { step, ...hyper }: StepPace,
  ): Promise<{ readonly seen: LabelledImages; readonly filterLoss: number | null }> {
    const { filter, session, options } = this.#args;
    if (filter === undefined) return { seen: all, filterLoss: null };
    const { images, targets } = this.#task.lesson(all, place);
    const losses = lossesOf(await filter.session.predict(images, all.count), targets, all.count);
    const seen = picked(all, hardest(losses, session.batchSize));
    const lesson = this.#task.lesson(seen, place);
    const seed = stream(options.seed, "dropout of filter", step).seed();
    const { loss } = await filter.session.step(lesson.images, lesson.targets, { ...hyper, seed });
    return { seen, filterLoss: loss };
  }
}
