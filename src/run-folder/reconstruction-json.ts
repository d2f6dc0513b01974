// evaluation.json of a pretraining: how the kept weights rebuilt each test image.
import { z } from "zod";
import type { ReconstructionEvaluation } from "../train/evaluation.ts";
import { bySchema, jsonFile } from "./json-file.ts";
import { count, crops, lossValue, reconstructionScore } from "./score-schema.ts";

const schema: z.ZodType<ReconstructionEvaluation> = z.object({
  crops,
  epoch: count,
  score: reconstructionScore,
  reconstructions: z.array(
    z.object({
      name: z.string(),
      loss: lossValue,
      corrupted: lossValue,
      picture: z.string().nullable(),
      shown: z.null(),
    }),
  ),
});

export const reconstructionJson = jsonFile<ReconstructionEvaluation>({
  name: "evaluation.json",
  without: "there is no test result",
  damaged: "put it back from a copy, or make it again: cutout pretrain --resume RUN",
  most: 2 ** 29,
  versioned: false,
  indent: 0,
  parse: bySchema(schema),
});
