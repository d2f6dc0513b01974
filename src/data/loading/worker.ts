// A thread of the loader: opens the images for itself and makes whole batches, one after the other.

import { parentPort, workerData } from "node:worker_threads";
import { makePipeline } from "../../augment/index.ts";
import { packError } from "../../thread.ts";
import { batchMaker } from "./batch-maker.ts";
import { openStore } from "./image-store.ts";
import type { WorkerAnswer, WorkerData, WorkerRequest } from "./worker-pool.ts";

const { store, pipeline } = workerData as WorkerData;
const make = batchMaker(openStore(store), store.imageBytes, makePipeline(pipeline));
const answer = (message: WorkerAnswer) => parentPort!.postMessage(message, [message.memory]);

parentPort!.on("message", ({ id, order, memory }: WorkerRequest) => {
  try {
    make(order, new Float32Array(memory));
    answer({ id, memory, error: null });
  } catch (error) {
    answer({ id, memory, error: packError(error) });
  }
});
