// A run begins with what its network makes of the training images, and goes on with it.
import { expect, test } from "vitest";
import { memoryDataset } from "../../test/helpers/memory-dataset.ts";
import { memoryStorage } from "../../test/helpers/memory-storage.ts";
import { smallOptions, smallRun } from "../../test/helpers/small-run.ts";
import { openLoader } from "../data/index.ts";
import { flatten, globalAvgPool, linear, relu, sequential, whiten } from "../nn/layers/index.ts";
import { initialBuffers, network } from "../nn/network.ts";
import type { AverageOptions } from "../optim/average.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { classify } from "./objectives/classify.ts";
import { createTrainingSession } from "./step.ts";
import type { StoredCheckpoint } from "./storage.ts";
import { train } from "./trainer.ts";

const input = { height: 6, width: 6, channels: 1 };
const net = network("white", input, 6, sequential(whiten("w"), relu, globalAvgPool, flatten, linear("l", 6)));

async function filtersAfter(
  storage: ReturnType<typeof memoryStorage>,
  resume: boolean,
  epochs: number,
  average?: AverageOptions,
) {
  const objective = classify({ labelSmoothing: 0, classWeights: null });
  const session = await createTrainingSession({
    network: net,
    objective,
    batchSize: smallOptions.batchSize,
    optimizer: { momentum: 0.9, nesterov: true, weightDecay: 0, decayBiasAndNorm: false },
    average: average !== undefined,
    seed: 1,
    runtime: nodeRuntime({ threads: 1 }),
  });
  const args = smallRun("unused", { storage }, { epochs, ...(average && { average }) });
  const dataset = memoryDataset({ count: 180, numClasses: 6, side: 6, channels: 1, seed: 1, noise: 0.6 });
  const loader = openLoader({ dataset, pipeline: args.pipeline, workers: 0 });
  await train({ ...args, objective, session, network: net, dataset, loader, resume });
  const filters = [...(session.state().buffers.get("w.filters")!.data as Float32Array)];
  await session.close();
  return filters;
}

test("whitening filters are made before the first step, kept in checkpoints, and not learnt", async () => {
  const storage = memoryStorage();
  const filters = await filtersAfter(storage, false, 1);
  expect(filters).not.toEqual([...(initialBuffers(net).get("w.filters")!.data as Float32Array)]);
  const kept = (await storage.readCheckpoint("last")) satisfies StoredCheckpoint;
  expect([...(kept.state.buffers.get("w.filters")!.data as Float32Array)]).toEqual(filters);
  expect(await filtersAfter(storage, true, 2)).toEqual(filters);
});

test.each<AverageOptions>([
  { name: "ema", decay: 0.9 },
  { name: "last", share: 1 },
])("they are the same beside an average, $name, in what is used and in what is trained", async (average) => {
  const storage = memoryStorage();
  const alone = await filtersAfter(memoryStorage(), false, 2);
  for (const [at, number] of (await filtersAfter(storage, false, 2, average)).entries())
    expect(number).toBeCloseTo(alone[at]!, 5);
  const { state } = (await storage.readCheckpoint("last")) satisfies StoredCheckpoint;
  expect([...(state.optimizer.get("w.filters.live")!.data as Float32Array)]).toEqual(alone);
});
