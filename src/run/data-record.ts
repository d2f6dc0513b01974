// What a run keeps of its data, and what it compares when it goes on.
import type { Config } from "../config/config.ts";
import { type DatasetRecord, splitDigest } from "../run-folder/index.ts";
import type { Prepared } from "./prepare.ts";

/** dataset.json of a run. */
export function datasetRecord({ dataset, split, statistics }: Prepared): DatasetRecord {
  const { name, classes, height, width, channels, count, fingerprint, broken, leftOut = [] } = dataset;
  const { mean, std } = statistics;
  const sizes = { train: split.train.length, validation: split.validation.length, test: split.test.length };
  return {
    name,
    classes,
    height,
    width,
    channels,
    count,
    fingerprint,
    mean,
    std,
    split: sizes,
    splitDigest: splitDigest(split),
    broken,
    leftOut,
  };
}

/** The images and parts of now. */
export function dataNow({ config, dataset, split }: Prepared): {
  readonly config: Config;
  readonly fingerprint: string;
  readonly splitDigest: string;
} {
  return { config, fingerprint: dataset.fingerprint, splitDigest: splitDigest(split) };
}
