// What a network makes of training images before the first step: whitening filters, for example.
import { evaluationViews } from "../augment/index.ts";
import { fittedBuffers, type Network, wantsSample } from "../nn/network.ts";
import type { TrainArguments } from "./train-arguments.ts";

type FitArguments = Pick<TrainArguments<never>, "dataset" | "split" | "pipeline" | "loader" | "session">;

/** Of CIFAR-10's size as many as airbench takes; the directions of 2x2 patches are long settled by then. */
const most = { images: 5000, pixels: 5000 * 32 * 32 };

/** Sets the session's buffers that the network makes from the first images of the training part, as evaluation sees them. */
export async function fitToImages(
  network: Network,
  { dataset, split, pipeline, loader, session }: FitArguments,
): Promise<void> {
  if (!wantsSample(network)) return;
  const { channels, height, width } = network.input;
  const indices = split.train.slice(0, Math.min(most.images, Math.ceil(most.pixels / (height * width))));
  const size = channels * height * width;
  const images = new Float32Array(indices.length * size);
  const [view] = evaluationViews("center", dataset, pipeline.output);
  let done = 0;
  for await (const batch of loader.evaluation({ indices, view: view!, batchSize: session.batchSize })) {
    images.set(batch.images.subarray(0, batch.count * size), done * size);
    done += batch.count;
    loader.recycle(batch.images);
  }
  const state = await session.state();
  const fitted = fittedBuffers(network, { images, count: indices.length });
  // Begun with anew: averages and slow weights start from what was fitted too.
  const buffers = new Map([...state.buffers, ...fitted]);
  await session.load({ parameters: state.parameters, buffers, optimizer: new Map() });
}
