// dataset.json: what the images of a run were.
import { z } from "zod";
import type { LeftOut } from "../data/index.ts";
import { bySchema, jsonFile } from "./json-file.ts";

export interface DatasetRecord {
  readonly name: string;
  readonly classes: readonly string[];
  /** Decoded size, pixels. */
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly count: number;
  readonly fingerprint: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Number of images of each part. */
  readonly split: { readonly train: number; readonly validation: number; readonly test: number };
  /** Of which image is in which part; older runs do not tell. */
  readonly splitDigest?: string | undefined;
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  /** What lies beside the images and was not read, counted by ending or reason; older runs do not tell. */
  readonly leftOut?: readonly LeftOut[] | undefined;
}

const count = z.int().min(0);

const schema: z.ZodType<DatasetRecord> = z.object({
  name: z.string(),
  classes: z.array(z.string()),
  height: count,
  width: count,
  channels: z.literal([1, 3]),
  count,
  fingerprint: z.string(),
  mean: z.array(z.number()),
  std: z.array(z.number()),
  split: z.object({ train: count, validation: count, test: count }),
  splitDigest: z.string().optional(),
  broken: z.array(z.object({ name: z.string(), reason: z.string() })),
  leftOut: z
    .array(z.object({ what: z.string(), count, names: z.array(z.string()), remedy: z.string().optional() }))
    .optional(),
});

export const datasetJson = jsonFile<DatasetRecord>({
  name: "dataset.json",
  without: "nothing can be said about the data",
  damaged: "put it back from a copy: it names the classes, which the weights do not (model.onnx does)",
  most: 2 ** 28,
  versioned: true,
  indent: 2,
  parse: bySchema(schema),
});
