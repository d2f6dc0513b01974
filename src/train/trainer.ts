// The training loop: epochs of steps, validation, best and last checkpoint, exact resume, and the test at the end.
import { evaluationViews } from "../augment/index.ts";
import type { Batch } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { averageSharesAt } from "../optim/average.ts";
import {
  initialPlateau,
  learningRateAt,
  type ScheduleOptions,
  type ScheduleTime,
  updatePlateau,
} from "../optim/schedule.ts";
import { stream } from "../rng.ts";
import { splitFilter, withFilter } from "./data-filter.ts";
import { evaluate } from "./evaluate.ts";
import type { EpochRecord, TestRecord } from "./events.ts";
import { notFinite } from "./finite.ts";
import { fitToImages } from "./fit.ts";
import { GrowingImages } from "./growing-images.ts";
import { loadKept } from "./kept-weights.ts";
import { Lessons } from "./lessons.ts";
import { type BatchPlace, copiesOf } from "./mix.ts";
import type { TrainingState } from "./network-session.ts";
import type { Scores, Scoring, Task } from "./objective.ts";
import { Pace, type Work } from "./pace.ts";
import { checkIdentity, nextEpoch, type Position, parsePosition, startOf } from "./position.ts";
import { isBetter, rankedScores } from "./ranking.ts";
import { renewStatistics } from "./renewed-statistics.ts";
import type { Evaluated } from "./storage.ts";
import { TargetedMaps } from "./targeted.ts";
import { checkArguments, imagesPerStep, type TrainArguments } from "./train-arguments.ts";
import { turn } from "./turn.ts";

export interface TrainResult<S extends Scores> {
  readonly status: "finished" | "interrupted";
  /** Epochs that have ended. */
  readonly epochs: number;
  /** Best on validation, with the scores that made it so; null before the first epoch has ended, and without validation. */
  readonly best: Position["best"];
  readonly stoppedEarly: boolean;
  /** The kept weights on the test part; null when interrupted, when that is empty, or not to be looked at. */
  readonly evaluation: Evaluated<S> | null;
}

/**
 * Trains until the last epoch, early stopping or the signal, and evaluates the weights of the best epoch on validation or
 * of the last epoch on the test part, as `keep` says.
 *
 * Keeps in `storage`: a record an epoch, where there is a validation part the best checkpoint (parameters and buffers of
 * the epoch that the objective ranks highest), the last one (everything needed to go on: at the start, at each epoch's end, every five minutes, when
 * interrupted), and in the end the evaluation and the test's record. A resumed run has, but for times, the same
 * metrics bit for bit as one left alone.
 *
 * @throws when options do not fit the data, when the run to resume differs, when the loss is no longer finite (the
 *   checkpoints stay those of before), when something cannot be written
 */
export async function train<S extends Scores>(args: TrainArguments<S>): Promise<TrainResult<S>> {
  const { signal } = args;
  const run = new Training(args);
  await run.begin();
  try {
    signal.throwIfAborted();
    while (!run.isOver()) {
      await run.learnEpoch();
      await run.finishEpoch();
      signal.throwIfAborted();
    }
    return run.result("finished", args.test === false ? null : await run.test());
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    await run.interrupt();
    return run.result("interrupted", null);
  }
}

/** Errors about a checkpoint's tensors name its file. */
async function loaded(where: string, load: () => Promise<void>): Promise<void> {
  try {
    await load();
  } catch (error) {
    throw error instanceof CutoutError ? error.with({ where }) : error;
  }
}

/** Whether the rate at a step depends on the number of epochs. */
const followsLength: { readonly [Kind in ScheduleOptions["kind"]]: boolean } = {
  constant: false,
  steps: false,
  plateau: false,
  cosine: true,
  "one-cycle": true,
};

/** A clock in seconds. */
const seconds = () => performance.now() / 1000;

/** The parts of the loop, in their order, and the one thing that changes: where the run stands. */
class Training<S extends Scores> {
  readonly #args: TrainArguments<S>;
  readonly #task: Task<S>;
  readonly #stepsPerEpoch: number;
  readonly #pace: Pace;
  readonly #targeted: TargetedMaps | null;
  readonly #lessons: Lessons<S>;
  readonly #sizes: GrowingImages;
  #position: Position;
  /** The position in the last checkpoint, and when it was written. */
  #saved: Position | null = null;
  #savedAt = seconds();
  #toldSize: string | null = null;
  /** Start of this process's part of the current epoch. */
  #epochStart = seconds();

  constructor(args: TrainArguments<S>) {
    const { objective, dataset, split, pipeline, options } = args;
    this.#args = args;
    this.#task = objective.on(dataset, pipeline.output);
    checkArguments(args, this.#task);
    this.#stepsPerEpoch = Math.floor(split.train.length / imagesPerStep(options));
    this.#pace = new Pace(seconds, options.batchSize);
    const { targeted, seed } = options;
    this.#targeted = targeted ? new TargetedMaps(targeted, split.train, pipeline, seed) : null;
    this.#lessons = new Lessons(args, this.#task, this.#targeted);
    this.#sizes = new GrowingImages(options.progressive ?? null, pipeline.output, options.epochs);
    // What is kept changes nothing that is learnt.
    const { keep, ...learning } = options;
    const identity = { ...learning, ...objective.identity, ...args.identity };
    this.#position = startOf(JSON.parse(JSON.stringify(identity)), initialPlateau(options.schedule));
  }

  /** Begins the run, or goes on with it. */
  async begin(): Promise<void> {
    const { storage, session, filter, network, resume, onEvent } = this.#args;
    const begun = await storage.hasRun();
    if (begun && resume) return this.#goOn();
    if (begun) {
      throw new CutoutError({
        where: storage.name,
        what: "must not hold an earlier run",
        remedy: "add --resume to go on with it, or choose another run folder",
      });
    }
    if (resume)
      onEvent({ type: "message", text: `${storage.name}: no checkpoint yet, starting from the beginning` });
    if (network !== undefined) await fitToImages(network, this.#args);
    if (filter !== undefined) await fitToImages(filter.network, { ...this.#args, session: filter.session });
    // Also finds out now, not after the first epoch, whether the disk has room.
    await this.#save(this.#position, await session.state());
  }

  async #goOn(): Promise<void> {
    const { storage, session, filter, onEvent } = this.#args;
    const { where, state, position: json } = await storage.readCheckpoint("last");
    const position = parsePosition(where, json);
    const { identity } = this.#position;
    checkIdentity(where, position.identity, identity);
    await loaded(where, async () => {
      const own = this.#targeted?.taken(state) ?? state;
      if (filter === undefined) return session.load(own);
      const both = splitFilter(own);
      await filter.session.load(both.filter);
      await session.load(both.state);
    });
    await storage.cutRecords(position.epoch);
    // From now on of the length that was told, which may be another one.
    this.#position = { ...position, identity };
    this.#saved = this.#position;
    this.#tellOtherLength(Number(position.identity.epochs));
    const { epoch, stepInEpoch } = position;
    const text = `resuming after epoch ${epoch}, step ${stepInEpoch} of ${this.#stepsPerEpoch}`;
    onEvent({ type: "message", text });
  }

  /** One line on what becomes of a run, and of its schedule, that is gone on with to another length. */
  #tellOtherLength(before: number): void {
    const { options, onEvent } = this.#args;
    const { epochs, schedule } = options;
    if (before === epochs) return;
    const step = this.#stepsDone();
    const rate = (of: number) =>
      learningRateAt(
        schedule,
        { step, stepsPerEpoch: this.#stepsPerEpoch, epochs: of },
        this.#position.plateau,
      ).toPrecision(3);
    const others = [
      ...(options.progressive === undefined ? [] : ["; the sizes of the images follow the new length"]),
      ...(options.average?.name === "last" ? ["; which epochs are averaged follows the new length"] : []),
    ].join("");
    const lengths = `${epochs} epochs instead of ${before}`;
    const next =
      epochs > before && this.#isStoppedEarly()
        ? "but early stopping has ended it, and more epochs change nothing"
        : followsLength[schedule.kind]
          ? `schedule ${schedule.kind}: the learning rate follows the new length from here on, ${rate(epochs)} now where it was ${rate(before)}`
          : `schedule ${schedule.kind}: the learning rate goes on as before`;
    onEvent({ type: "message", text: `${lengths}; ${next}${others}` });
  }

  isOver(): boolean {
    return this.#position.epoch >= this.#args.options.epochs || this.#isStoppedEarly();
  }

  #isStoppedEarly(): boolean {
    const { earlyStopping } = this.#args.options;
    const { epoch, best } = this.#position;
    return earlyStopping !== null && best !== null && epoch - best.epoch >= earlyStopping.patience;
  }

  /** The steps of the current epoch that are not yet done. */
  async learnEpoch(): Promise<void> {
    const { loader, split, session, options, signal, onEvent } = this.#args;
    const { batchSize } = options;
    onEvent({ type: "phase", phase: "train" });
    this.#epochStart = seconds();
    this.#pace.restart();
    // An interrupt during validation leaves an epoch with all its steps done.
    if (this.#position.stepInEpoch >= this.#stepsPerEpoch) return;
    const { seed, epoch, batch: startBatch, progress } = this.#place();
    this.#beginSize(epoch);
    const copies = copiesOf(options.mix ?? null);
    const order = { indices: split.train, batchSize, seed, epoch, progress, copies, startBatch };
    for await (const batch of loader.training(order)) {
      await this.#step(batch);
      // A step may block the event loop: let signals and timers through before looking at them.
      await turn();
      signal.throwIfAborted();
      if (seconds() - this.#savedAt >= (this.#args.checkpointSeconds ?? 300)) {
        await this.#save(this.#timedPosition(), await session.state());
        this.#pace.restart();
      }
    }
    const { stepInEpoch } = this.#position;
    if (stepInEpoch !== this.#stepsPerEpoch) {
      throw new Error(`internal: an epoch must have ${this.#stepsPerEpoch} batches, got ${stepInEpoch}`);
    }
  }

  /** Tells the size of an epoch's images where it is another than before. */
  #beginSize(epoch: number): void {
    const size = this.#sizes.size(epoch);
    if (size === undefined) return;
    const text = `${size.height} x ${size.width} pixels`;
    if (this.#toldSize === text) return;
    this.#toldSize = text;
    this.#pace.resized(this.#sizes.share(epoch));
    this.#args.onEvent({ type: "message", text: `from epoch ${epoch} on images of ${text}` });
  }

  /** Where the next batch stands: all that is random in its step follows from it. */
  #place(): BatchPlace {
    const { seed, epochs } = this.#args.options;
    const { epoch, stepInEpoch } = this.#position;
    return {
      seed,
      epoch: epoch + 1,
      batch: stepInEpoch,
      progress: epochs === 1 ? 1 : epoch / (epochs - 1),
    };
  }

  async #step(batch: Batch): Promise<void> {
    const { session, options, onEvent } = this.#args;
    const position = this.#position;
    const step = this.#stepsDone();
    const place = this.#place();
    const pace = { step, learningRate: this.#rateAt(step), size: this.#sizes.size(place.epoch) };
    const { lesson, filterLoss } = await this.#lessons.ofStep(batch, place, pace);
    const { images, targets, learnt } = lesson;
    const seed = stream(options.seed, "dropout", step).seed();
    const average = options.average && averageSharesAt(options.average, this.#timeAt(step));
    const { learningRate, size } = pace;
    const hyper = { learningRate, seed, average, size };
    const { loss, output, maps } = await session.step(images, targets, hyper, this.#lessons.giveBack);
    for (const [what, value] of [
      ["the loss", loss],
      ["the loss of the filter's small network", filterLoss ?? 0],
    ] as const) {
      if (!Number.isFinite(value))
        throw await this.#diverged(`${what} must be a finite number`, value, position.stepInEpoch + 1);
    }
    if (maps !== undefined) this.#targeted?.keep(batch, maps, place.epoch);
    const timed = this.#pace.stepDone();
    const { running } = position;
    const sums = Object.entries(learnt(output)).map(([name, sum]) => [name, (running[name] ?? 0) + sum]);
    this.#position = {
      ...position,
      stepInEpoch: position.stepInEpoch + 1,
      running: {
        ...Object.fromEntries(sums),
        loss: running.loss + loss,
        seconds: running.seconds,
        timedSteps: running.timedSteps + (timed === null ? 0 : 1),
        timedSeconds: running.timedSeconds + (timed ?? 0),
      },
    };
    onEvent({
      type: "step",
      epoch: place.epoch,
      epochs: options.epochs,
      stepInEpoch: this.#position.stepInEpoch,
      stepsPerEpoch: this.#stepsPerEpoch,
      ...this.#trained(),
      learningRate,
      imagesPerSecond: this.#pace.imagesPerSecond,
      secondsLeft: this.#pace.secondsLeft(this.#workLeft()),
    });
  }

  /** Validation, then the epoch's record and checkpoints: best, record, last, so that `last` is never ahead of the others. */
  async finishEpoch(): Promise<void> {
    const { objective, session, storage, split, options, onEvent } = this.#args;
    const position = this.#position;
    await renewStatistics(this.#args, this.#lessons, this.#place(), this.#stepsPerEpoch);
    const score = split.validation.length === 0 ? null : await this.#validate();
    if (score !== null && !Number.isFinite(score.loss)) {
      throw await this.#diverged(
        "the validation loss must be a finite number",
        score.loss,
        position.stepInEpoch,
      );
    }
    const epoch = position.epoch + 1;
    const ranked = score === null ? null : rankedScores(objective.ranking, score);
    const best =
      ranked !== null && (position.best === null || isBetter(objective.ranking, ranked, position.best));
    const { running } = this.#timedPosition();
    const step = this.#stepsDone();
    const record: EpochRecord<S> = {
      type: "epoch",
      epoch,
      step,
      learningRate: this.#rateAt(step - 1),
      train: this.#trained(),
      validation: score,
      best,
      imagesPerSecond:
        running.timedSteps > 0
          ? (running.timedSteps * options.batchSize) / running.timedSeconds
          : this.#pace.imagesPerSecond,
      seconds: running.seconds,
    };
    const state = await session.state();
    await this.#checkFinite(state);
    if (best) {
      await storage.writeCheckpoint("best", { ...state, optimizer: new Map() }, { epoch, validation: score });
    }
    await storage.appendRecord(record);
    const [first] = objective.ranking;
    const plateau =
      ranked === null
        ? position.plateau
        : updatePlateau(options.schedule, position.plateau, ranked[first.score]!, first.best);
    await this.#save(
      nextEpoch(position, {
        plateau,
        best: ranked === null ? null : best ? { epoch, ...ranked } : position.best,
      }),
      state,
    );
    onEvent({ ...record, last: this.isOver() });
  }

  async #validate(): Promise<S["score"]> {
    this.#args.onEvent({ type: "phase", phase: "validate" });
    return (await this.#evaluate(this.#args.split.validation)).score();
  }

  /** The kept weights on the test part. The record comes last: it says that the run is finished. */
  async test(): Promise<Evaluated<S> | null> {
    const { storage, split, onEvent } = this.#args;
    const { crops } = this.#args.options;
    if (split.test.length === 0) {
      onEvent({ type: "message", text: "the test part is empty: nothing to evaluate" });
      return null;
    }
    onEvent({ type: "phase", phase: "test" });
    const epoch = await loadKept(this.#args, this.#position);
    const scoring = await this.#evaluate(split.test);
    const score: S["score"] = scoring.score();
    const evaluation: Evaluated<S> = { crops, epoch, score, ...scoring.details() };
    await storage.writeEvaluation(evaluation);
    const record: TestRecord<S> = { type: "test", epoch, crops, test: score };
    await storage.appendRecord(record);
    onEvent(record);
    return evaluation;
  }

  async #evaluate(indices: Int32Array): Promise<Scoring<S>> {
    const { session, dataset, pipeline, loader, options, signal } = this.#args;
    const { crops, batchSize } = options;
    const start = seconds();
    const scoring = this.#task.scoring(indices);
    const shared = { dataset, pipeline, loader, crops, batchSize, signal };
    await evaluate({ ...shared, predictor: session, scoring, indices });
    this.#pace.evaluated(indices.length * this.#views(), seconds() - start);
    return scoring;
  }

  /** Keeps what has been done since the last checkpoint. */
  async interrupt(): Promise<void> {
    if (this.#position !== this.#saved) {
      await this.#save(this.#timedPosition(), await this.#args.session.state());
    }
  }

  result(status: TrainResult<S>["status"], evaluation: Evaluated<S> | null): TrainResult<S> {
    const { epoch, best } = this.#position;
    return {
      status,
      epochs: epoch,
      best,
      stoppedEarly: epoch < this.#args.options.epochs && this.#isStoppedEarly(),
      evaluation,
    };
  }

  /** Writes the last checkpoint; the run then stands at `position`. */
  async #save(position: Position, state: TrainingState): Promise<void> {
    const { filter, storage } = this.#args;
    const own = this.#targeted?.added(state) ?? state;
    const whole = filter === undefined ? own : withFilter(own, await filter.session.state());
    await this.#checkFinite(whole);
    await storage.writeCheckpoint("last", whole, position);
    this.#position = position;
    this.#saved = position;
    this.#savedAt = seconds();
    this.#epochStart = seconds();
  }

  /** The position with this process's part of the epoch added to its seconds. */
  #timedPosition(): Position {
    const { running } = this.#position;
    return {
      ...this.#position,
      running: { ...running, seconds: running.seconds + seconds() - this.#epochStart },
    };
  }

  /** Training steps since the start of the run. */
  #stepsDone(): number {
    return this.#position.epoch * this.#stepsPerEpoch + this.#position.stepInEpoch;
  }

  #timeAt(step: number): ScheduleTime {
    return { step, stepsPerEpoch: this.#stepsPerEpoch, epochs: this.#args.options.epochs };
  }

  #rateAt(step: number): number {
    return learningRateAt(this.#args.options.schedule, this.#timeAt(step), this.#position.plateau);
  }

  /** Means over the epoch's steps so far. */
  #trained(): S["train"] {
    const { running, stepInEpoch } = this.#position;
    const images = stepInEpoch * this.#args.session.batchSize;
    return { loss: running.loss / stepInEpoch, ...this.#task.trained(running, images) } as S["train"];
  }

  #workLeft(): Work {
    const { options, split } = this.#args;
    const { epoch, stepInEpoch } = this.#position;
    const images = (options.epochs - epoch) * split.validation.length + split.test.length;
    const steps = this.#sizes.stepsLeft(epoch + 1, stepInEpoch, this.#stepsPerEpoch);
    return { steps, views: images * this.#views() };
  }

  #views(): number {
    const { options, dataset, pipeline } = this.#args;
    return evaluationViews(options.crops, dataset, pipeline.output).length;
  }

  /** Keeps weights that have become infinite or NaN out of the checkpoints. */
  async #checkFinite(state: TrainingState): Promise<void> {
    const found = notFinite(state);
    if (found === null) return;
    const { name, value } = found;
    throw await this.#diverged(`${name} must hold finite numbers`, value, this.#position.stepInEpoch);
  }

  /**
   * The error of a loss, or of weights, that are no longer finite. Nothing is saved after it.
   * @param step in the epoch, 1 for the first
   */
  async #diverged(what: string, value: number, step: number): Promise<CutoutError> {
    const { epoch } = this.#position;
    const rate = this.#rateAt(epoch * this.#stepsPerEpoch + Math.max(0, step - 1));
    const kept = await this.#args.storage.checkpoints();
    return new CutoutError({
      where: "training",
      what,
      got: `${value}, at step ${step} of ${this.#stepsPerEpoch} in epoch ${epoch + 1}, learning rate ${rate}`,
      remedy: `lower --learning-rate (for example to a tenth) and train anew. Kept from before: ${kept.join(" and ")}`,
    });
  }
}
