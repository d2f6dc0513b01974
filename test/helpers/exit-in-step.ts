// A process that exits with code 5 while its training thread is in the middle of a step.
import { setTimeout } from "node:timers/promises";
import { buildNetwork } from "../../src/nn/build.ts";
import { classify } from "../../src/train/objectives/classify.ts";
import { openTrainingThread } from "../../src/train/training-thread.ts";

const batchSize = 64;
const input = { height: 32, width: 32, channels: 3 };
const session = await openTrainingThread({
  network: buildNetwork("resnet9", { input, numClasses: 2 }),
  batchSize,
  optimizer: { momentum: 0.9, nesterov: true, weightDecay: 0, decayBiasAndNorm: false },
  objective: classify({ labelSmoothing: 0, classWeights: null }),
  seed: 0,
  threads: 1,
});
const images = new Float32Array(batchSize * 3 * 32 * 32);
const targets = new Float32Array(batchSize * 2).fill(0.5);
void session.step(images, targets, { learningRate: 0.1, seed: 0 });
// A step takes several times as long.
await setTimeout(50);
process.exit(5);
