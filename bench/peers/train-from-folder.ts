// A training run's steps: SIDE BATCH THREADS WORKERS|memory PHOTOS CACHE.
import * as ort from "onnxruntime-node";
import { trainingPipeline } from "../../src/augment/pipeline/pipeline.ts";
import { channelStatistics, openDataset, openLoader } from "../../src/data/index.ts";
import { buildNetwork } from "../../src/nn/build.ts";
import { countParameters } from "../../src/nn/network.ts";
import { classify, oneHot } from "../../src/train/objectives/classify.ts";
import { openTrainingThread } from "../../src/train/training-thread.ts";
import { compete } from "./answer.ts";

const [side, batchSize, threads] = process.argv.slice(2).map(Number) as [number, number, number];
const [workers, photos, cacheDir] = process.argv.slice(5) as [string, string, string];
const numClasses = 2;
const network = buildNetwork("resnet9", {
  input: { height: side, width: side, channels: 3 },
  numClasses,
});

await compete({
  version: `onnxruntime ${ort.env.versions.node}`,
  parameters: countParameters(network),
  images: batchSize,
  async prepare() {
    const session = await openTrainingThread({
      network,
      batchSize,
      optimizer: { momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayBiasAndNorm: false },
      objective: classify({ labelSmoothing: 0, classWeights: null }),
      seed: 0,
      threads,
    });
    const decoded = side + side / 8;
    const dataset = await openDataset({
      data: photos,
      size: { height: decoded, width: decoded },
      fit: "cover",
      cacheDir,
      maxPixels: 1e8,
      maxBroken: 0.1,
    });
    const indices = Int32Array.from({ length: dataset.count }, (_, index) => index);
    const loader = openLoader({
      dataset,
      pipeline: trainingPipeline({
        input: { height: decoded, width: decoded, channels: dataset.channels },
        crop: { height: side, width: side, padding: 0 },
        flip: 0.5,
        normalization: channelStatistics(dataset, indices),
        cutout: { length: side / 2, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 },
      }),
      workers: workers === "memory" ? 0 : Number(workers),
    });
    async function* epochs() {
      for (let epoch = 1; ; epoch++) yield* loader.training({ indices, batchSize, seed: 0, epoch });
    }
    const batches = epochs();
    let seed = 0;
    if (workers === "memory") {
      const { value } = await batches.next();
      await batches.return();
      const targets = oneHot(value!.labels, numClasses);
      let images = value!.images;
      const back = (returned: Float32Array) => {
        images = returned;
      };
      return () => session.step(images, targets, { learningRate: 0.01, seed: seed++ }, back);
    }
    return async () => {
      const { value } = await batches.next();
      const { images, labels } = value!;
      const targets = oneHot(labels, numClasses);
      await session.step(images, targets, { learningRate: 0.01, seed: seed++ }, loader.recycle);
    };
  },
});
