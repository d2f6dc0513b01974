// evaluation.json: how the kept weights did on each test image.
import { rmSync } from "node:fs";
import { z } from "zod";
import { telling } from "../error.ts";
import type { Evaluation } from "../train/evaluation.ts";
import { bySchema, jsonFile } from "./json-file.ts";
import { count, crops, lossValue, score, share } from "./score-schema.ts";

const schema: z.ZodType<Evaluation> = z
  .object({
    crops,
    epoch: count,
    score,
    classes: z.array(
      z.object({
        name: z.string(),
        support: count,
        precision: share.nullable(),
        recall: share.nullable(),
        f1: share.nullable(),
      }),
    ),
    confusion: z.array(z.array(count)),
    predictions: z.array(
      z.object({
        name: z.string(),
        label: count,
        predicted: count,
        confidence: share,
        loss: lossValue,
        picture: z.string().nullable(),
      }),
    ),
  })
  .superRefine((value, context) => {
    const size = value.classes.length;
    if (value.confusion.length !== size || value.confusion.some((row) => row.length !== size)) {
      context.addIssue({ code: "custom", path: ["confusion"], message: `must be ${size} by ${size}` });
    } else if (value.predictions.some(({ label, predicted }) => label >= size || predicted >= size)) {
      context.addIssue({ code: "custom", path: ["predictions"], message: `must name classes below ${size}` });
    }
  });

const file = jsonFile<Evaluation>({
  name: "evaluation.json",
  without: "there is no test result",
  damaged: "put it back from a copy, or make it again: cutout train --resume RUN",
  most: 2 ** 29,
  versioned: false,
  indent: 0,
  parse: bySchema(schema),
});

export const evaluationJson: typeof file = {
  ...file,
  show(folder, problems) {
    const evaluation = file.show(folder, problems);
    if (evaluation !== null) checkSums(evaluation, problems);
    return evaluation;
  },
};

/** Of a run that is gone on with beyond its test: the next one is written in the end. */
export function forgetEvaluation(folder: string): void {
  telling(file.pathIn(folder), () => rmSync(file.pathIn(folder), { force: true }));
}

/** The parts of an evaluation must tell the same story; a report on parts that do not would be false somewhere. */
function checkSums({ score, confusion, predictions, classes }: Evaluation, problems: string[]): void {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const total = sum(confusion.map(sum));
  const right = sum(confusion.map((row, label) => row[label]!));
  const found = predictions.filter(({ label, predicted }) => label === predicted).length;
  if (
    total !== score.count ||
    predictions.length !== score.count ||
    found !== right ||
    Math.abs(score.top1 * score.count - right) > 0.5 ||
    sum(classes.map(({ support }) => support)) !== total
  ) {
    problems.push(
      `evaluation.json disagrees with itself: it counts ${score.count} images, the confusion matrix ${total} ` +
        `(${right} right), the list of predictions ${predictions.length} (${found} right). Evaluate the run again.`,
    );
  }
}
