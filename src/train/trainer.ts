// The training loop: epochs of steps, validation, best and last checkpoint, exact resume, and the test at the end.
import { setImmediate } from "node:timers/promises";
import type { Batch } from "../data/index.ts";
import { replaceFile } from "../durable-file.ts";
import { updatePlateau } from "../optim/schedule.ts";
import { stream } from "../rng.ts";
import { loadCheckpoint, saveCheckpoint } from "../run-folder/checkpoint.ts";
import { appendRecord } from "../run-folder/metrics-log.ts";
import { evaluate } from "./evaluate.ts";
import type { Evaluation } from "./evaluation.ts";
import type { EpochRecord, Score, TestRecord } from "./events.ts";
import { argmax, evaluationOf } from "./metrics.ts";
import { copiesOf, mixed } from "./mix.ts";
import type { Work } from "./pace.ts";
import { nothingRunning, type Position } from "./position.ts";
import {
  checkFinite,
  diverged,
  prepare,
  type Run,
  rateAt,
  save,
  seconds,
  stepOf,
  type TrainArguments,
  type TrainOptions,
  withSeconds,
} from "./run.ts";
import { softTargets } from "./targets.ts";

export type { TrainArguments, TrainOptions } from "./run.ts";

export interface TrainResult {
  readonly status: "finished" | "interrupted";
  /** Epochs that have ended. */
  readonly epochs: number;
  /** 0 before the first epoch has ended. */
  readonly bestEpoch: number;
  /** Validation of the best epoch. */
  readonly bestTop1: number | null;
  readonly stoppedEarly: boolean;
  /** The best checkpoint on the test part; null when interrupted, or when the test part is empty. */
  readonly evaluation: Evaluation | null;
}

/**
 * Trains until the last epoch, early stopping or the signal, and evaluates the best checkpoint on the test part.
 *
 * Writes into `runDir`: metrics.jsonl (a line an epoch, flushed), best.safetensors (parameters and buffers of the epoch
 * with the highest validation top-1; among equals the lower loss, then the earlier), last.safetensors (everything needed
 * to go on: at the start, at each epoch's end, every five minutes, when interrupted) and evaluation.json. A resumed run
 * has, but for times, the same metrics bit for bit as one left alone.
 *
 * @throws when options do not fit the data, when the run to resume differs, when the loss is no longer finite (the
 *   checkpoints stay those of before), when a file cannot be written
 */
export async function train(args: TrainArguments): Promise<TrainResult> {
  const { signal, onEvent } = args;
  const run = await prepare(args);
  try {
    signal.throwIfAborted();
    while (!isOver(run)) {
      onEvent({ type: "phase", phase: "train" });
      await trainEpoch(run);
      await finishEpoch(run);
      signal.throwIfAborted();
    }
    return resultOf(run, "finished", await testBest(run));
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    if (run.position !== run.saved) save(run, withSeconds(run), await args.session.state());
    return resultOf(run, "interrupted", null);
  } finally {
    await run.loader.close();
  }
}

function isOver({ args: { options }, position: { epoch, best } }: Run): boolean {
  return epoch >= options.epochs || isStoppedEarly(options, epoch, best);
}

function isStoppedEarly({ earlyStopping }: TrainOptions, epoch: number, best: Position["best"]): boolean {
  return earlyStopping !== null && best !== null && epoch - best.epoch >= earlyStopping.patience;
}

/** The steps of the current epoch that are not yet done. */
async function trainEpoch(run: Run): Promise<void> {
  const { args, stepsPerEpoch } = run;
  const { split, signal } = args;
  const { batchSize, seed } = args.options;
  run.epochStart = seconds();
  run.pace.restart();
  // An interrupt during validation leaves an epoch with all its steps done.
  if (run.position.stepInEpoch >= stepsPerEpoch) return;
  const batches = run.loader.training({
    indices: split.train,
    batchSize,
    seed,
    epoch: run.position.epoch + 1,
    progress: progressOf(run),
    copies: copiesOf(args.options.mix ?? null),
    startBatch: run.position.stepInEpoch,
  });
  for await (const batch of batches) {
    await takeStep(run, batch);
    // A step may block the event loop: let signals and timers through before looking at them.
    await setImmediate();
    signal.throwIfAborted();
    if (seconds() - run.savedAt >= (args.checkpointSeconds ?? 300)) {
      save(run, withSeconds(run), await args.session.state());
      run.pace.restart();
    }
  }
  if (run.position.stepInEpoch !== stepsPerEpoch) {
    throw new Error(`training: an epoch must have ${stepsPerEpoch} batches, got ${run.position.stepInEpoch}`);
  }
}

/** Share of the training that is done: 0 in the first epoch, 1 in the last. */
function progressOf({ args: { options }, position }: Run): number {
  return options.epochs === 1 ? 1 : position.epoch / (options.epochs - 1);
}

async function takeStep(run: Run, batch: Batch): Promise<void> {
  const { args, position, targets, stepsPerEpoch } = run;
  const { session, options, onEvent } = args;
  const learningRate = rateAt(run, stepOf(run));
  const { images, shares } = mixed(options.mix ?? null, batch, args.pipeline.output, session.numClasses, {
    seed: options.seed,
    epoch: position.epoch + 1,
    batch: position.stepInEpoch,
    progress: progressOf(run),
  });
  if (images !== batch.images) run.loader.recycle(batch.images);
  softTargets(shares, session.numClasses, options.classWeights, targets);
  const seed = stream(options.seed, "dropout", stepOf(run)).seed();
  const { loss, logits } = await session.step(images, targets, { learningRate, seed }, run.loader.recycle);
  if (!Number.isFinite(loss))
    throw diverged(run, `the loss must be a finite number, got ${loss}`, position.stepInEpoch + 1);
  let correct = 0;
  for (let image = 0; image < batch.count; image++) {
    // Of a mixed image the class with the greatest share is the right one.
    const start = image * session.numClasses;
    if (argmax(logits, start, session.numClasses) === argmax(shares, start, session.numClasses)) correct++;
  }
  const { running } = position;
  const timed = run.pace.stepDone();
  run.position = {
    ...position,
    stepInEpoch: position.stepInEpoch + 1,
    running: {
      loss: running.loss + loss,
      correct: running.correct + correct,
      seconds: running.seconds,
      timedSteps: running.timedSteps + (timed === null ? 0 : 1),
      timedSeconds: running.timedSeconds + (timed ?? 0),
    },
  };
  onEvent({
    type: "step",
    epoch: position.epoch + 1,
    epochs: options.epochs,
    stepInEpoch: run.position.stepInEpoch,
    stepsPerEpoch,
    ...runningMeans(run),
    learningRate,
    imagesPerSecond: run.pace.imagesPerSecond,
    secondsLeft: run.pace.secondsLeft(workLeft(run)),
  });
}

/** Validation, then the epoch's line and checkpoints: best, metrics, last, so that `last` is never ahead of the others. */
async function finishEpoch(run: Run): Promise<void> {
  const { args, files, position } = run;
  const { session, options, split, onEvent } = args;
  onEvent({ type: "phase", phase: "validate" });
  const { score } = await evaluatePart(run, split.validation);
  if (!Number.isFinite(score.loss))
    throw diverged(
      run,
      `the validation loss must be a finite number, got ${score.loss}`,
      position.stepInEpoch,
    );
  const epoch = position.epoch + 1;
  const best = isBetter(score, position.best);
  const { running } = withSeconds(run);
  const record: EpochRecord = {
    type: "epoch",
    epoch,
    step: stepOf(run),
    learningRate: rateAt(run, stepOf(run) - 1),
    train: runningMeans(run),
    validation: score,
    best,
    imagesPerSecond:
      running.timedSteps > 0
        ? (running.timedSteps * options.batchSize) / running.timedSeconds
        : run.pace.imagesPerSecond,
    seconds: running.seconds,
  };
  const state = await session.state();
  checkFinite(run, state);
  if (best) {
    saveCheckpoint(files.best, { ...state, optimizer: new Map() }, { epoch, validation: score }, args.calls);
  }
  appendRecord(files.metrics, record, args.calls);
  const next: Position = {
    ...position,
    epoch,
    stepInEpoch: 0,
    running: nothingRunning,
    plateau: updatePlateau(options.schedule, position.plateau, score.top1),
    best: best ? { epoch, top1: score.top1, loss: score.loss } : position.best,
  };
  save(run, next, state);
  onEvent(record);
}

function isBetter(score: Score, best: Position["best"]): boolean {
  if (best === null || score.top1 > best.top1) return true;
  return score.top1 === best.top1 && score.loss < best.loss;
}

async function testBest(run: Run): Promise<Evaluation | null> {
  const { args, files, position } = run;
  const { dataset, session, options, split, onEvent } = args;
  if (split.test.length === 0) {
    onEvent({ type: "message", text: "the test part is empty: nothing to evaluate" });
    return null;
  }
  onEvent({ type: "phase", phase: "test" });
  const epoch = position.best!.epoch;
  const best = loadCheckpoint(files.best);
  const found = (best.position as { readonly epoch?: unknown } | null)?.epoch;
  if (found !== epoch)
    throw new Error(`${files.best}: must be of epoch ${epoch}, the best one, got epoch ${found}`);
  const { optimizer } = await session.state();
  await session.load({ ...best.state, optimizer });
  const { score, probabilities } = await evaluatePart(run, split.test);
  const evaluation = evaluationOf({
    classes: dataset.classes,
    probabilities,
    labels: Array.from(split.test, (index) => dataset.labels[index]!),
    names: Array.from(split.test, (index) => dataset.names[index]!),
    crops: options.crops,
    epoch,
  });
  replaceFile(files.evaluation, [Buffer.from(`${JSON.stringify(evaluation)}\n`)], args.calls);
  const record: TestRecord = { type: "test", epoch, crops: options.crops, test: score };
  appendRecord(files.metrics, record, args.calls);
  onEvent(record);
  return evaluation;
}

async function evaluatePart(run: Run, indices: Int32Array) {
  const { loader } = run;
  const { dataset, pipeline, session, options, signal } = run.args;
  const { crops, batchSize } = options;
  const start = seconds();
  const result = await evaluate({
    predictor: session,
    dataset,
    indices,
    pipeline,
    crops,
    batchSize,
    signal,
    loader,
  });
  run.pace.evaluated(indices.length * viewsOf(options), seconds() - start);
  return result;
}

/** Mean loss of the epoch's steps, and the share of its images that were classified rightly. */
function runningMeans({ args: { options }, position: { running, stepInEpoch } }: Run) {
  return { loss: running.loss / stepInEpoch, top1: running.correct / (stepInEpoch * options.batchSize) };
}

function workLeft(run: Run): Work {
  const { args, stepsPerEpoch, position } = run;
  const { options, split } = args;
  const images = (options.epochs - position.epoch) * split.validation.length + split.test.length;
  return { steps: options.epochs * stepsPerEpoch - stepOf(run), views: images * viewsOf(options) };
}

function viewsOf({ crops }: TrainOptions): number {
  return crops === "ten" ? 10 : 1;
}

function resultOf(run: Run, status: TrainResult["status"], evaluation: Evaluation | null): TrainResult {
  const { epoch, best } = run.position;
  return {
    status,
    epochs: epoch,
    bestEpoch: best?.epoch ?? 0,
    bestTop1: best?.top1 ?? null,
    stoppedEarly: epoch < run.args.options.epochs && isStoppedEarly(run.args.options, epoch, best),
    evaluation,
  };
}
