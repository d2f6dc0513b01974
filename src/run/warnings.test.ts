// Warnings about trainings that will hardly learn, and none about those that will.
import { expect, test } from "vitest";
import { completeConfig } from "../../test/helpers/config.ts";
import type { SettingsInput } from "../config/config.ts";
import { buildNetwork } from "../nn/build.ts";
import { batchNorm, conv, flatten, globalAvgPool, linear, sequential } from "../nn/layers/index.ts";
import { network } from "../nn/network.ts";
import { warningsOf } from "./warnings.ts";

const input = { height: 32, width: 32, channels: 3 };
const resnet9 = buildNetwork("resnet9", { input, numClasses: 2 });
const told = (settings: Partial<SettingsInput>, images: number) =>
  warningsOf(completeConfig({ imageSize: 32, ...settings }, images), resnet9, images);

test("a schedule that never leaves its start", () => {
  expect(told({ epochs: 1, batchSize: 8, schedule: { kind: "one-cycle", learningRate: 0.2 } }, 8)).toEqual([
    expect.stringMatching(
      /^warning: with 1 step the schedule one-cycle never gets above a learning rate of [\d.e-]+, of 0\.2: train longer/,
    ),
  ]);
  // The last of 9 steps ends the warm-up.
  const long = { kind: "cosine", learningRate: 0.2, warmupEpochs: 8 } as const;
  expect(told({ epochs: 9, batchSize: 8, schedule: { ...long, warmupEpochs: 8.9 } }, 8)).toEqual([]);
  for (const kind of ["constant", "one-cycle", "cosine"] as const)
    expect(told({ epochs: 3, batchSize: 8, schedule: { kind } }, 80)).toEqual([]);
});

test("batch normalization over one value", () => {
  const deep = network(
    "deep",
    { height: 8, width: 8, channels: 3 },
    2,
    sequential(
      conv("a", 4, 3, 1, 1),
      batchNorm("wide"),
      globalAvgPool,
      batchNorm("narrow"),
      flatten,
      linear("classes", 2),
    ),
  );
  const warnings = (batchSize: number) =>
    warningsOf(completeConfig({ imageSize: 32, batchSize, epochs: 5 }, 40), deep, 40);
  expect(warnings(1)).toEqual([
    "warning: batch normalization over one value (narrow) gives the same for every image: raise --batch-size or --size",
  ]);
  expect(warnings(2)).toEqual([]);
});
