// The training step in double precision (the reference runtime) against PyTorch in double precision: every tensor.
import { expect, it } from "vitest";
import { referenceRuntime } from "../../src/runtime/reference.ts";
import { checkMovement, checkTensors, type TrainingCase, takeSteps } from "../helpers/torch-training.ts";

const example: TrainingCase = {
  golden: "resnet18, few images",
  model: "resnet18",
  size: 32,
  numClasses: 10,
  batch: 2,
  learningRate: 0.01,
  nesterov: true,
};

it("ResNet-18 in double precision is PyTorch's", { timeout: 1_800_000 }, async () => {
  const state = await takeSteps(example, referenceRuntime, 1e-6);
  // The state is rounded to float32 between steps; the gradients are not rounded anywhere.
  for (const part of ["parameters", "buffers", "optimizer"] as const)
    checkTensors(example, state, part, 1e-5);
  // Rounding a weight near 1 to float32 three times is up to 1e-4 of what three steps move it.
  checkMovement(example, state, 5e-4);
  expect(state.parameters.size).toBe(62);
});
