// A trained network put to use: on images of any kind, on a whole data set, on its own test part again.

import type { Crops } from "../augment/index.ts";
import type { Config } from "../config/config.ts";
import { threadsHere } from "../config/machine.ts";
import { settingsError } from "../config/settings.ts";
import { viewsNames } from "../config/views.ts";
import { CutoutError } from "../error.ts";
import { openModel } from "../runtime/node.ts";
import type { Predictor } from "../train/step.ts";
import { batchSize, type Classified, classifyImages, type Images } from "./classify-images.ts";
import { chooseDevice, type DeviceChoice, describeFallbacks } from "./device.ts";
import { type DataEvaluation, type EvaluationTools, evaluateOther, evaluateOwn } from "./evaluate-data.ts";
import type { RunEvent } from "./events.ts";
import { type Weights, weightNames } from "./export-weights.ts";
import { isOneImage } from "./image-input.ts";
import { openTrained, type TrainedModel } from "./trained-model.ts";

export type { Classification, Classified, NotClassified, RankedClass } from "./classify-images.ts";
export type { DataEvaluation } from "./evaluate-data.ts";
export type { Weights } from "./export-weights.ts";
export type { ImageInput, RawImage, SharpImage } from "./image-input.ts";
export type { ExportRunOptions } from "./trained-model.ts";
export { exportRun } from "./trained-model.ts";

/** What goes on: a line for people, or how much is done. */
export type ClassifierEvent = Extract<RunEvent, { readonly type: "message" | "progress" }>;

/** Who asks may attend or not. */
export interface Attendance {
  /** Ends after the batch that is under way, by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: ClassifierEvent) => void) | undefined;
}

export interface ViewOptions extends Attendance {
  /** Views of an image: its centre, or ten or six views averaged. By default those of the run. */
  readonly crops?: Crops | undefined;
}

export interface ClassifyOptions extends ViewOptions {
  /** How many classes of each image are told, likeliest first; by default all. */
  readonly topK?: number | undefined;
}

export interface OwnTestOptions extends ViewOptions {
  /** Where the run's images are now, when they have been moved. */
  readonly data?: string | undefined;
}

export interface Classifier {
  /** The run folder or the file, as given. */
  readonly path: string;
  readonly classes: readonly string[];
  /** Views of an image where nothing else is asked for. */
  readonly crops: Crops;
  /** Of the run; null of a bare model.onnx. */
  readonly config: Config | null;
  /**
   * The likeliest classes of images, in the order given; an image that cannot be read gives a reason instead, and the
   * others their answers. Images are taken a batch at a time, so any number of them fits in memory, and one costs
   * what one costs.
   * @throws CutoutError when it is closed, the images are no list, or an option is wrong
   */
  classify(images: Images, options?: ClassifyOptions): AsyncGenerator<Classified>;
  /**
   * Scores every image of other data whose classes are among those of the network: one will do, and they may be empty.
   * Grey images become colour ones, and colour ones grey, where the network's are so; images that cannot be read are
   * left out and listed.
   */
  evaluateData(data: string, options?: ViewOptions): Promise<DataEvaluation>;
  /** Scores the run's own test part again. */
  evaluateTest(options?: OwnTestOptions): Promise<DataEvaluation>;
  /** Once what is under way has ended. */
  close(): Promise<void>;
}

export interface ClassifierOptions extends Attendance {
  /** Which checkpoint of a run: its best epoch on validation or its last state; by default what the run keeps. */
  readonly weights?: Weights | undefined;
  /** Where the network runs; by default on a graphics card if the run was trained on one and there is one here. */
  readonly device?: DeviceChoice | undefined;
  /** Threads of the processor; by default those of the run, but no more than this machine has. */
  readonly threads?: number | undefined;
  /** Folder for decoded images of data sets; where it cannot be written, they stay in memory. By default the run's. */
  readonly cacheDir?: string | undefined;
}

/**
 * Opens a trained network: a run folder, finished or not, or a model.onnx that was exported from one.
 * @throws CutoutError when it is neither, has no best epoch yet, or the device is not there
 */
export async function openClassifier(path: string, options: ClassifierOptions = {}): Promise<Classifier> {
  checkOptions("openClassifier", options, openingOptions);
  const { weights, cacheDir, signal, onEvent = () => {} } = options;
  const tell = (text: string) => onEvent({ type: "message", text });
  const trained = openTrained(path, weights);
  trained.notes.forEach(tell);
  signal?.throwIfAborted();
  const predictor = await openPredictor(trained, options, tell);
  const { classes, run } = trained;
  const config = run?.config ?? null;
  const busy = new Set<Promise<unknown>>();
  let closed = false;

  const checkOpen = () => {
    if (!closed) return;
    throw new CutoutError({ where: path, what: "the classifier is closed", remedy: "open it again" });
  };
  /** What is under way when it is closed may end. */
  const attended: Pick<Predictor, "predict"> = {
    async predict(...images) {
      checkOpen();
      const answer = predictor.predict(...images);
      busy.add(answer);
      try {
        return await answer;
      } finally {
        busy.delete(answer);
      }
    },
  };
  const toolsFor = (given: ViewOptions): EvaluationTools => {
    const hear = given.onEvent ?? onEvent;
    return {
      model: trained,
      predictor: attended,
      crops: given.crops ?? trained.crops,
      cacheDir,
      signal: given.signal ?? signal,
      tell: (text) => hear({ type: "message", text }),
      onProgress: (done, total, what) => hear({ type: "progress", what, done, total }),
    };
  };
  return {
    path,
    classes,
    crops: trained.crops,
    config,
    classify(images, given = {}) {
      checkOpen();
      checkImages(images);
      checkOptions("classify", given, classifyOptions);
      const tools = toolsFor(given);
      const total = Array.isArray(images) ? images.length : 0;
      const onProgress = (done: number) => tools.onProgress(done, Math.max(total, done), "classifying");
      return classifyImages(images, { ...tools, topK: given.topK, onProgress });
    },
    async evaluateData(data, given = {}) {
      checkOpen();
      checkOptions("evaluateData", given, viewOptions);
      return evaluateOther(data, toolsFor(given));
    },
    async evaluateTest(given = {}) {
      checkOpen();
      checkOptions("evaluateTest", given, [...viewOptions, "data"]);
      return evaluateOwn(given.data, toolsFor(given));
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.allSettled(busy);
      await predictor.close();
    },
  };
}

const attendance = ["signal", "onEvent"];
const viewOptions = [...attendance, "crops"];
const classifyOptions = [...viewOptions, "topK"];
const openingOptions = [...attendance, "weights", "device", "threads", "cacheDir"];

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1;
}

const oneOf = (...names: readonly string[]) => ({
  is: (value: unknown) => names.includes(value as string),
  what: `must be ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`,
});

/** Option -> what it must be; types tell it already where programs are compiled. */
const kinds: { readonly [option: string]: { is(value: unknown): boolean; readonly what: string } } = {
  crops: oneOf(...viewsNames),
  topK: { is: isCount, what: "must be an integer >= 1" },
  weights: oneOf(...weightNames),
  device: oneOf("cpu", "webgpu", "auto"),
  threads: { is: isCount, what: "must be an integer >= 1" },
  cacheDir: {
    is: (value) => typeof value === "string" && value !== "",
    what: "must be the name of a folder",
  },
  data: {
    is: (value) => typeof value === "string" && value !== "",
    what: "must be the name of a folder or a file",
  },
  onEvent: { is: (value) => typeof value === "function", what: "must be a function" },
  signal: { is: (value) => value instanceof AbortSignal, what: "must be an AbortSignal" },
};

function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    const what = `options must be an object of ${known.join(", ")}`;
    throw settingsError({ where, what, got: String(options) });
  }
  for (const [option, value] of Object.entries(options)) {
    if (!known.includes(option)) {
      throw settingsError({ where, option, what: `is no option; there are ${known.join(", ")}` });
    }
    const { is, what } = kinds[option]!;
    if (value !== undefined && !is(value)) {
      throw settingsError({
        where,
        option,
        what,
        got: typeof value === "string" ? JSON.stringify(value) : String(value),
      });
    }
  }
}

function checkImages(images: unknown): void {
  const listed =
    !isOneImage(images) &&
    typeof images === "object" &&
    images !== null &&
    (Symbol.iterator in images || Symbol.asyncIterator in images);
  if (listed) return;
  const got =
    typeof images === "string"
      ? `the text ${JSON.stringify(images)}`
      : isOneImage(images)
        ? "one image"
        : typeof images;
  throw settingsError({
    where: "classify",
    what: "images must be a list",
    got,
    remedy: "put a single image into brackets: classify([image])",
  });
}

/** The model on the device, as a predictor of logits: softmax(log p) = p. */
async function openPredictor(
  { path, model, classes, pipeline, run }: TrainedModel,
  {
    device: choice = run === null || run.config.device === "cpu" ? "cpu" : "auto",
    threads,
  }: ClassifierOptions,
  tell: (text: string) => void,
): Promise<Predictor> {
  const { device, messages } = await chooseDevice(choice);
  messages.forEach(tell);
  const { channels, height, width } = pipeline.output;
  const pixels = channels * height * width;
  const open = await openModel(model, [channels, height, width], {
    device,
    threads: threads ?? threadsHere(run?.config.threads),
  });
  if (open.fallbacks.length > 0) tell(describeFallbacks(device, open.fallbacks));
  return {
    async predict(images, count, giveBack) {
      const logits = new Float32Array(count * classes.length);
      for (let first = 0; first < count; first += batchSize) {
        const some = Math.min(batchSize, count - first);
        const probabilities = await open.run(images.subarray(first * pixels), some);
        if (probabilities.length !== some * classes.length) {
          throw new CutoutError({
            where: path,
            what: `the network must give a probability for each of the ${classes.length} classes`,
            got: `${probabilities.length / some}`,
            remedy: "the file is damaged, or its classes have been changed: export or train again",
          });
        }
        logits.set(probabilities.map(Math.log), first * classes.length);
      }
      giveBack?.(images);
      return logits;
    },
    close: open.close,
  };
}
