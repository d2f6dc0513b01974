// One step of ResNet-50 for photos in double precision (the reference runtime) against PyTorch: the gradient of every
// parameter. What single precision makes of it is told in networks.test.ts.
import { expect, it } from "vitest";
import { referenceRuntime } from "../../src/runtime/reference.ts";
import { checkMovement, checkTensors, type TrainingCase, takeSteps } from "../helpers/torch-training.ts";

const example: TrainingCase = {
  golden: "resnet50, one step",
  model: "resnet50",
  options: { stem: "imagenet" },
  size: 32,
  batch: 4,
  numClasses: 10,
  learningRate: 0.001,
  nesterov: true,
};

it("ResNet-50 in double precision is PyTorch's", { timeout: 1_800_000 }, async () => {
  const state = await takeSteps(example, referenceRuntime, 1e-7);
  // Only the result is rounded to float32.
  for (const part of ["parameters", "buffers", "optimizer"] as const)
    checkTensors(example, state, part, 1e-6);
  // Rounding a weight near 1 is up to 1e-3 of what one step moves it.
  checkMovement(example, state, 2e-3);
  expect(state.optimizer.size).toBe(161);
});
