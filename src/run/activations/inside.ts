// A trained run opened to be looked into: its network, its images, and what can be measured with both.

import type { TrainingPipeline } from "../../augment/index.ts";
import { threadsHere } from "../../config/machine.ts";
import type { Dataset, DecodeOptions } from "../../data/index.ts";
import { CutoutError } from "../../error.ts";
import { loadWeights } from "../../run-folder/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { shellWord } from "../../text.ts";
import type { Attendance } from "../classifier.ts";
import { batchSize as fullBatch } from "../classify-images.ts";
import { chooseDevice, type DeviceChoice } from "../device.ts";
import type { Weights } from "../export-weights.ts";
import { type ImagesToScore, type OpeningTools, openOther, openOwn } from "../images-to-score.ts";
import { pipelineOf } from "../prepare.ts";
import { openTrainedNetwork, type TrainedNetwork } from "../trained-model.ts";
import { gradCamGraph, magnitudeGraph } from "./graphs.ts";
import { chosenLayers, hasPositions } from "./layers.ts";
import { type ImageMaps, imageMaps } from "./maps.ts";
import { type Measured, measure } from "./measure.ts";
import { type InnerNetworkOptions, innerNetwork } from "./networks.ts";

export interface InsideOptions extends Attendance {
  /** Which checkpoint: the best epoch on validation or the last state; by default what the run keeps. */
  readonly weights?: Weights | undefined;
  /** Names of layers; by default the last one of each stage. */
  readonly layers?: readonly string[] | undefined;
  /** The run's own images, at another place, or other images with classes of the run. */
  readonly data?: string | undefined;
  /** Of the run's own images. Default: test. */
  readonly part?: "test" | "validation" | undefined;
  /** Default: cpu. */
  readonly device?: DeviceChoice | undefined;
  readonly threads?: number | undefined;
  readonly cacheDir?: string | undefined;
}

export interface RunInside {
  readonly path: string;
  readonly network: string;
  readonly classes: readonly string[];
  readonly weights: Weights;
  /** After which epoch the weights were kept. */
  readonly epoch: number;
  /** What the images are: `test`, `validation`, or the name of other data. */
  readonly part: string;
  /** Of the images, in their order. */
  readonly names: readonly string[];
  readonly labels: readonly number[];
  /** Images that could not be read, and are left out. */
  readonly broken: Dataset["broken"];
  /** Magnitudes, and answers under squares whose places come from the seed. */
  measure(seed: number): Promise<Measured>;
  /** Maps of some of the images, by their places. */
  maps(positions: readonly number[]): Promise<readonly ImageMaps[]>;
  close(): Promise<void>;
}

/** Images of a batch with gradients: a few suffice for the images that are shown. */
const gradCamBatch = 4;

/**
 * Opens a run, finished or not.
 * @throws CutoutError when it is none, has no such weights, layers or images, or there is not enough memory
 */
export async function openInside(path: string, options: InsideOptions = {}): Promise<RunInside> {
  const { signal, onEvent = () => {} } = options;
  const tell = (text: string) => onEvent({ type: "message", text });
  const trained = openTrainedNetwork(path, options.weights);
  trained.notes.forEach(tell);
  const { run, network, weights, epoch } = trained;
  const { config, dataset: record } = run;
  const layers = chosenLayers(network, options.layers);
  const { device, adapter, messages } = await chooseDevice(options.device ?? "cpu");
  messages.forEach(tell);
  const runtime = nodeRuntime({
    threads: options.threads ?? threadsHere(config.threads),
    device,
    adapter: adapter?.name ?? null,
  });
  const pipeline = pipelineOf(config, record, record);
  const onProgress = (done: number, total: number, what: string) =>
    onEvent({ type: "progress", what, done, total });
  const tools = { cacheDir: options.cacheDir, signal, onProgress, tell };
  const { images, part, own } = await imagesFor(trained, pipeline, options, tools);
  try {
    const { dataset, indices } = images;
    const batchSize = Math.min(fullBatch, indices.length);
    const common = { network, weights: loadWeights(path, weights, network), layers, runtime };
    const gradCam: InnerNetworkOptions = { ...common, batchSize: gradCamBatch };
    const last = layers.findLast(hasPositions);
    const needed = [
      magnitudeGraph(
        network,
        layers.map(({ name }) => name),
        batchSize,
      ),
      ...(last === undefined ? [] : [gradCamGraph(network, last.name, gradCamBatch)]),
    ].map(runtime.memoryOf);
    checkMemory(network.name, Math.max(...needed), runtime.availableMemory());
    const inner = await innerNetwork({ ...common, batchSize });
    const shared = { inner, layers, images, pipeline, batchSize, signal };
    return {
      path,
      network: network.name,
      classes: dataset.classes,
      weights,
      epoch,
      part,
      names: Array.from(indices, (index) => dataset.names[index]!),
      labels: Array.from(indices, (index) => dataset.labels[index]!),
      broken: own ? [] : dataset.broken,
      measure: (seed) =>
        measure({
          ...shared,
          seed,
          onProgress: (done, total) => onProgress(done, total, `looking into ${path}`),
        }),
      maps: (positions) =>
        imageMaps({
          ...shared,
          gradCam,
          positions,
          onProgress: (done, total) => onProgress(done, total, `maps of ${path}`),
        }),
      async close() {
        dataset.close();
        await inner.close();
      },
    };
  } catch (error) {
    images.dataset.close();
    throw error;
  }
}

async function imagesFor(
  { run }: TrainedNetwork,
  pipeline: TrainingPipeline,
  { data, part = "test" }: InsideOptions,
  tools: OpeningTools,
): Promise<{ readonly images: ImagesToScore; readonly part: string; readonly own: boolean }> {
  const { config, dataset, path } = run;
  const decoding: DecodeOptions = {
    size: { height: dataset.height, width: dataset.width },
    fit: config.fit,
    maxPixels: config.maxPixels,
  };
  let images: ImagesToScore | null = null;
  if (data !== undefined) {
    const other = await openOther(data, { classes: dataset.classes, decoding, pipeline, run }, tools);
    if (!other.isOwn) images = other;
    // Of the run's own images, moved, the part that was asked for.
    else other.dataset.close();
  }
  const own = images === null;
  images ??= await openOwn(
    run,
    part,
    data,
    {
      missing: `say where they are: cutout activations ${shellWord(path)} --data FOLDER`,
      changed: "give other images: --data FOLDER",
    },
    tools,
  );
  if (images.indices.length > 0) return { images, part: own ? part : images.dataset.name, own };
  images.dataset.close();
  throw new CutoutError({
    where: path,
    what: own ? `the ${part} part of the run must hold images` : `${data} must hold images`,
    got: "none",
    remedy: own ? `take ${part === "test" ? "--split validation" : "--split test"}` : undefined,
  });
}

function checkMemory(name: string, needed: number, available: number): void {
  if (needed <= available) return;
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  throw new CutoutError({
    where: "activations",
    what: `${name} needs about ${gigabytes(needed)} of memory to be looked into, ${gigabytes(available)} are free`,
    remedy: "end other programs, or look at fewer --layers",
  });
}
