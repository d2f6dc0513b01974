// The kind of run that trains a classifier.
import { encoderNames, namesBeforeLogits } from "../nn/encoder.ts";
import { openRun } from "../run-folder/index.ts";
import type { ClassScores } from "../train/evaluation.ts";
import { classify } from "../train/objectives/classify.ts";
import { describeTrial } from "./describe-trial.ts";
import { withPictures } from "./pictures.ts";
import { classWeightsOf } from "./prepare.ts";
import { writeProducts } from "./products.ts";
import type { RunKind } from "./run-kind.ts";

export const classification: RunKind<ClassScores> = {
  command: "train",
  purpose: "train",
  open: openRun,
  numClasses: ({ classes }) => classes.length,
  network: (classifier) => classifier,
  taken: (classifier, pretrained) => (pretrained ? encoderNames(classifier) : namesBeforeLogits(classifier)),
  objective({ config, dataset, split }) {
    const classWeights = classWeightsOf(config, dataset, split.train);
    return classify({ labelSmoothing: config.labelSmoothing, classWeights });
  },
  describe: ({ config, dataset, split }, network) => describeTrial(config, { dataset, split }, network),
  withPictures: (storage, runDir, { dataset, split }) =>
    withPictures(storage, { runDir, dataset, test: split.test }),
  writeProducts: (runDir, { config, dataset, statistics }, network) =>
    writeProducts(config.keep, { runDir, network, classes: dataset.classes, normalization: statistics }),
};
