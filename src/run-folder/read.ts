// Reads a run folder for a report. A part that is missing or damaged is said, never guessed and never fatal.
import { readFile, realpath, stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { z } from "zod";
import type { Evaluation } from "../train/evaluation.ts";
import type { EpochRecord, MetricsRecord, TestRecord } from "../train/events.ts";

/** dataset.json: what the images were. */
export interface DatasetSummary {
  readonly name: string;
  readonly classes: readonly string[];
  /** Decoded size, pixels. */
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly count: number;
  readonly fingerprint: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Number of images of each part. */
  readonly split: { readonly train: number; readonly validation: number; readonly test: number };
  /** Of which image is in which part; older runs do not tell. */
  readonly splitDigest?: string | undefined;
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}

/** Images up to this side, in pixels, are shown with crisp pixels. */
export const smallSide = 48;

export type Settings = Readonly<Record<string, unknown>>;

export interface RunFolder {
  /** As given. */
  readonly path: string;
  readonly name: string;
  readonly config: Settings | null;
  readonly environment: Settings | null;
  readonly dataset: DatasetSummary | null;
  /** One a finished epoch, in order; after a resume the later record of an epoch counts. */
  readonly epochs: readonly EpochRecord[];
  /** The last line of a finished run. */
  readonly test: TestRecord | null;
  readonly evaluation: Evaluation | null;
  /** PNG of augmented training images. */
  readonly augmented: Buffer | null;
  /** One sentence for each part that is missing or damaged. */
  readonly problems: readonly string[];
}

const share = z.number().min(0).max(1);
const count = z.int().min(0);
// A loss that has become infinite or NaN is null in JSON.
const lossValue = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const score = z.object({ loss: lossValue, top1: share, top5: share, count });
const crops = z.enum(["center", "ten"]);

const epochRecord = z.object({
  type: z.literal("epoch"),
  epoch: z.int().min(1),
  step: count,
  learningRate: z.number(),
  train: z.object({ loss: lossValue, top1: share }),
  validation: score,
  best: z.boolean(),
  imagesPerSecond: z.number(),
  seconds: z.number().min(0),
});
const testRecord = z.object({ type: z.literal("test"), epoch: count, crops, test: score });
/** A line of metrics.jsonl. */
export const recordSchema: z.ZodType<MetricsRecord> = z.discriminatedUnion("type", [epochRecord, testRecord]);

const evaluation: z.ZodType<Evaluation> = z
  .object({
    crops,
    epoch: count,
    score,
    classes: z.array(
      z.object({
        name: z.string(),
        support: count,
        precision: share.nullable(),
        recall: share.nullable(),
        f1: share.nullable(),
      }),
    ),
    confusion: z.array(z.array(count)),
    predictions: z.array(
      z.object({
        name: z.string(),
        label: count,
        predicted: count,
        confidence: share,
        loss: lossValue,
        picture: z.string().nullable(),
      }),
    ),
  })
  .superRefine((value, context) => {
    const size = value.classes.length;
    if (value.confusion.length !== size || value.confusion.some((row) => row.length !== size)) {
      context.addIssue({ code: "custom", path: ["confusion"], message: `must be ${size} by ${size}` });
    } else if (value.predictions.some(({ label, predicted }) => label >= size || predicted >= size)) {
      context.addIssue({ code: "custom", path: ["predictions"], message: `must name classes below ${size}` });
    }
  });

export const datasetSchema: z.ZodType<DatasetSummary> = z.object({
  name: z.string(),
  classes: z.array(z.string()),
  height: count,
  width: count,
  channels: z.literal([1, 3]),
  count,
  fingerprint: z.string(),
  mean: z.array(z.number()),
  std: z.array(z.number()),
  split: z.object({ train: count, validation: count, test: count }),
  splitDigest: z.string().optional(),
  broken: z.array(z.object({ name: z.string(), reason: z.string() })),
});

const settings: z.ZodType<Settings> = z.record(z.string(), z.unknown());

/**
 * Reads what there is of a run folder.
 * @throws when the folder itself does not exist or is none
 */
export async function readRunFolder(path: string): Promise<RunFolder> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) throw new Error(`report: ${path} must be a run folder, found none there`);
  const problems: string[] = [];
  const read = <T>(file: string, schema: z.ZodType<T>, without: string) =>
    readJson(path, file, schema, without, problems);
  const config = await read("config.json", settings, "the settings are not known");
  const environment = await read("environment.json", settings, "the machine is not known");
  const data = await read("dataset.json", datasetSchema, "nothing can be said about the data");
  const { epochs, test } = await readMetrics(path, problems);
  const evaluated = await read("evaluation.json", evaluation, "there is no test result");
  if (evaluated) checkSums(evaluated, problems);
  const augmented = await readFile(join(path, "augmented.png")).catch(() => null);
  if (!augmented) problems.push("augmented.png is missing: no augmented images can be shown.");
  const name = basename(resolve(path));
  return {
    path,
    name,
    config,
    environment,
    dataset: data,
    epochs,
    test,
    evaluation: evaluated,
    augmented,
    problems,
  };
}

async function readJson<T>(
  folder: string,
  file: string,
  schema: z.ZodType<T>,
  without: string,
  problems: string[],
): Promise<T | null> {
  const text = await readFile(join(folder, file), "utf8").catch(() => null);
  if (text === null) {
    problems.push(`${file} is missing: ${without}.`);
    return null;
  }
  const parsed = parseJson(text, schema);
  if ("value" in parsed) return parsed.value;
  problems.push(`${file} is damaged (${parsed.reason}): ${without}.`);
  return null;
}

function parseJson<T>(text: string, schema: z.ZodType<T>): { value: T } | { reason: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { reason: "no JSON" };
  }
  const checked = schema.safeParse(json);
  if (checked.success) return { value: checked.data };
  const issue = checked.error.issues[0]!;
  return { reason: `${issue.path.join(".")}: ${issue.message}` };
}

async function readMetrics(
  folder: string,
  problems: string[],
): Promise<{ epochs: EpochRecord[]; test: TestRecord | null }> {
  const text = await readFile(join(folder, "metrics.jsonl"), "utf8").catch(() => null);
  if (text === null) problems.push("metrics.jsonl is missing: there are no learning curves.");
  const epochs = new Map<number, EpochRecord>();
  let test: TestRecord | null = null;
  for (const [index, line] of (text ?? "").split("\n").entries()) {
    if (line.trim() === "") continue;
    const parsed = parseJson(line, recordSchema);
    if ("reason" in parsed)
      problems.push(`metrics.jsonl: line ${index + 1} is damaged and left out (${parsed.reason}).`);
    else if (parsed.value.type === "test") test = parsed.value;
    else epochs.set(parsed.value.epoch, parsed.value);
  }
  return { epochs: [...epochs.values()].sort((a, b) => a.epoch - b.epoch), test };
}

/** The parts of an evaluation must tell the same story; a report on parts that do not would be false somewhere. */
function checkSums({ score, confusion, predictions, classes }: Evaluation, problems: string[]): void {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const total = sum(confusion.map(sum));
  const right = sum(confusion.map((row, label) => row[label]!));
  const found = predictions.filter(({ label, predicted }) => label === predicted).length;
  if (
    total !== score.count ||
    predictions.length !== score.count ||
    found !== right ||
    Math.abs(score.top1 * score.count - right) > 0.5 ||
    sum(classes.map(({ support }) => support)) !== total
  ) {
    problems.push(
      `evaluation.json disagrees with itself: it counts ${score.count} images, the confusion matrix ${total} ` +
        `(${right} right), the list of predictions ${predictions.length} (${found} right). Evaluate the run again.`,
    );
  }
}

const types: Readonly<Record<string, string>> = {
  webp: "image/webp",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
};

/** Reads kept pictures as data URIs, each once, until a budget of bytes is used up. */
export interface Pictures {
  /** Null when there is no such picture, it lies outside the run folder's `images`, or the budget is used up. */
  load(picture: string | null): Promise<string | null>;
  /** Pictures that were left out for the budget. */
  readonly leftOut: number;
}

/** @param budget bytes of all pictures together; a page of some ten megabytes still opens at once */
export function openPictures(folder: string, budget = 16 * 2 ** 20): Pictures {
  const loaded = new Map<string, string | null>();
  let left = budget;
  let leftOut = 0;
  const read = async (picture: string): Promise<string | null> => {
    const type = types[picture.split(".").at(-1) ?? ""];
    if (type === undefined) return null;
    try {
      // Names come from a file that may come from anywhere: neither `..` nor a link leads out of the folder.
      const images = await realpath(join(folder, "images"));
      const file = await realpath(join(folder, picture));
      if (!file.startsWith(images + sep)) return null;
      const bytes = await readFile(file);
      if (bytes.length > left) {
        leftOut++;
        return null;
      }
      left -= bytes.length;
      return `data:${type};base64,${bytes.toString("base64")}`;
    } catch {
      return null;
    }
  };
  return {
    async load(picture) {
      if (picture === null) return null;
      if (!loaded.has(picture)) loaded.set(picture, await read(picture));
      return loaded.get(picture) ?? null;
    },
    get leftOut() {
      return leftOut;
    },
  };
}
