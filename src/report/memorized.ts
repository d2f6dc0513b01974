// Whether a run has learnt its training images by heart, and what helps against it.
import type { Config } from "../config/config.ts";
import type { ShownRun } from "../run-folder/index.ts";
import { binomialTail } from "../stats/proportion.ts";
import { percent } from "../text.ts";

/** From here on nothing is left to learn on the training images: what remains are a few hard or wrongly labelled ones. */
const leastTraining = 0.97;
/** Less is usual for a network that has learnt its images well, and still learns what holds for others. */
const leastGap = 0.1;

/** Few validation images miss by 10 points by chance. */
const chance = 0.025;

/**
 * The rule, at the last epoch: training accuracy at least 97 %, validation accuracy at least 10 points lower, and so few
 * validation images right that a model that is right for 97 % would have as few with probability below 2.5 % (exact
 * binomial): of 4 images 2 must be wrong, of 20 three. Training is measured on augmented images, while they are learnt: a
 * lower bound, so that what the rule says is true, and where augmentation is strong it may say too little.
 * @returns one sentence, or null
 */
export function memorizedText({ config, epochs }: Pick<ShownRun, "config" | "epochs">): string | null {
  const last = epochs.at(-1);
  if (!last?.validation) return null;
  const { count, top1 } = last.validation;
  const training = last.train.top1;
  // Shares of whole images: a gap of exactly 10 points must not be lost to rounding.
  if (!(training >= leastTraining && training - top1 >= leastGap - 1e-9)) return null;
  if (binomialTail(Math.round(top1 * count), count, leastTraining) >= chance) return null;
  return (
    `it knows its training images by heart: training ${percent(training, count)}, validation ${percent(top1, count)}; ` +
    `too few photos or too weak augmentation; try ${remedies(config).join(", ")}`
  );
}

/** What is not yet done. */
function remedies(config: Config | null): readonly string[] {
  const augment = config?.augment;
  const has = (name: string) => augment?.augmentations.some((one) => one.name === name) === true;
  return [
    ...(has("trivial-augment") ? [] : ["--augment trivial-augment"]),
    ...(augment?.cutout ? [] : ["--cutout"]),
    "more photos",
    "fewer epochs",
  ];
}
