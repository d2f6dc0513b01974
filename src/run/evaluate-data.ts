// A trained network scored on data: on others, or on the test part of its own.

import type { Crops } from "../augment/index.ts";
import { type Dataset, openLoader } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { shellWord } from "../text.ts";
import { evaluate } from "../train/evaluate.ts";
import type { Evaluation } from "../train/evaluation.ts";
import { classScoring } from "../train/objectives/classify.ts";
import type { Predictor } from "../train/step.ts";
import { batchSize, notFinite } from "./classify-images.ts";
import { type ImagesToScore, type OpeningTools, openOther, openOwn } from "./images-to-score.ts";
import type { TrainedModel } from "./trained-model.ts";

export interface DataEvaluation extends Omit<Evaluation, "epoch"> {
  /** Of the weights; null where a file does not tell. */
  readonly epoch: number | null;
  /** Images that could not be read, and are left out. */
  readonly broken: Dataset["broken"];
}

export interface EvaluationTools extends OpeningTools {
  readonly model: TrainedModel;
  readonly predictor: Pick<Predictor, "predict">;
  readonly crops: Crops;
  readonly tell: (text: string) => void;
}

/** Every image of other data. */
export async function evaluateOther(data: string, tools: EvaluationTools): Promise<DataEvaluation> {
  const { run } = tools.model;
  const images = await openOther(data, tools.model, tools);
  try {
    if (images.isOwn) {
      tools.tell(
        `${data} holds the run's own images, of which ${run?.dataset.split.train} were trained on: the result flatters the ` +
          "model; leave DATA out to test on the test part alone, or add --test-part where they have been moved",
      );
    }
    return await scored(images, tools);
  } finally {
    images.dataset.close();
  }
}

/** The test part of the run's own data. @param data where they are now, when they have been moved */
export async function evaluateOwn(data: string | undefined, tools: EvaluationTools): Promise<DataEvaluation> {
  const { run, path } = tools.model;
  if (run === null) {
    throw new CutoutError({
      where: path,
      what: "an exported model does not know its test images",
      remedy: "say which images to test it on: cutout eval MODEL DATA",
      kind: "settings",
    });
  }
  const remedies = {
    missing: `say where they are: cutout eval ${shellWord(path)} FOLDER --test-part`,
    changed: "give other data: cutout eval RUN DATA",
  };
  const images = await openOwn(run, "test", data, remedies, tools);
  try {
    return { ...(await scored(images, tools)), broken: [] };
  } finally {
    images.dataset.close();
  }
}

async function scored(
  { dataset: data, indices }: ImagesToScore,
  tools: EvaluationTools,
): Promise<DataEvaluation> {
  const { model, predictor, crops, signal, onProgress } = tools;
  if (indices.length === 0) {
    throw new CutoutError({ where: data.name, what: "there must be an image to score", got: "none" });
  }
  const { pipeline, classes } = model;
  let seen = 0;
  const scoring = await evaluate({
    predictor: {
      async predict(images, count, giveBack) {
        const logits = await predictor.predict(images, count, giveBack);
        const wrong = logits.findIndex((value) => Number.isNaN(value) || value === Number.POSITIVE_INFINITY);
        if (wrong >= 0) {
          // Each view shows all images once, in order.
          const image = (seen + Math.floor(wrong / classes.length)) % indices.length;
          throw new CutoutError({ where: data.names[indices[image]!], what: notFinite });
        }
        seen += count;
        return logits;
      },
    },
    scoring: classScoring(data, indices),
    dataset: data,
    indices,
    pipeline,
    loader: openLoader({ dataset: data, pipeline, workers: 0 }),
    crops,
    batchSize,
    onProgress: (done, total) => onProgress(done, total, `testing ${data.name}`),
    ...(signal && { signal }),
  });
  return { crops, epoch: model.epoch, score: scoring.score(), ...scoring.details(), broken: data.broken };
}
