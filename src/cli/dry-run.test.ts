// How a dry run reads.
import { expect, test } from "vitest";
import { completeConfig } from "../../test/helpers/config.ts";
import { formatDryRun } from "./dry-run.ts";

test("every setting, then what a training of them takes, and which steps were timed", () => {
  const found = {
    config: completeConfig({ epochs: 3 }),
    images: { train: 3200, validation: 8, test: 12 },
    parameters: 1_644_738,
    operationsPerStep: 9.24e9,
    steps: 12,
    memory: 2 ** 29,
    timed: { first: 2, last: 4 },
    secondsPerStep: 0.5,
    seconds: 8,
  };
  const lines = formatDryRun(found).split("\n");
  expect(lines).toContain("epochs: 3");
  expect(lines).toContain("split.seed: 0");
  expect(lines.slice(-6)).toEqual([
    "images      3,200 to train, 8 to validate, 12 to test",
    "parameters  1,644,738",
    "operations  9.2 billion a step (convolutions and linear layers, with gradients)",
    "memory      512 MiB, the most up to the last timed step",
    "time        about 8.0 s for 12 steps: 500 ms each by steps 2 to 4, validation and test guessed",
    "nothing was written but the cache of decoded images",
  ]);
  expect(formatDryRun({ ...found, timed: { first: 1, last: 1 } })).toContain("each by step 1,");
});
