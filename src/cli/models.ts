// `cutout models`: the networks that there are, and what each of them takes.
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import { networkFrom } from "../config/network-text.ts";
import { CutoutError } from "../error.ts";
import { families, networkNames } from "../nn/networks/index.ts";
import type { ModelFacts, ModelQuestion, StepTime } from "../run/models.ts";
import { whole } from "../text.ts";
import { say } from "./console.ts";
import { wholeNumber } from "./model-options.ts";
import { createProgress } from "./progress.ts";
import { formatTable } from "./table.ts";

interface ModelsFlags {
  readonly size?: number;
  readonly channels: number;
  readonly classes: number;
  readonly time?: true;
  readonly batch: number;
  readonly threads: number;
  readonly json?: true;
}

/** A network that the images are too small for, in a list of all. */
interface Unfit {
  readonly name: string;
  readonly unfit: string;
}

/** `step` is null where a step needs more memory than is free; it is left out where nothing is timed. */
type Fit = ModelFacts & { readonly step?: StepTime | null };

export function addModels(program: Command): void {
  program
    .command("models")
    .summary("the networks that there are: parameters, operations, memory, and time of a step")
    .description(
      "Lists networks with their parameters, multiplications with addition that one image takes forward, and the " +
        "memory that each image of a batch adds while training. With --time a training step of each is timed here: " +
        "seconds for the small ones, minutes for all.",
    )
    .argument(
      "[models...]",
      `which, as for --model: ${families.map(({ form }) => form).join(", ")} too, options as in resnet50:stem=imagenet, or a file (default: all that have a name)`,
    )
    .option(
      "--size <pixels>",
      "side of the images (default: 32, or what the network wants of photos)",
      wholeNumber,
    )
    .option("--channels <number>", "of an image: 1 or 3", channelsFrom, 3)
    .option("--classes <number>", "how many", wholeNumber, 10)
    .option("--time", "time a training step on this machine")
    .option("--batch <number>", "images in the step that is timed", wholeNumber, 32)
    .option(
      "--threads <number>",
      "processor threads of the step that is timed",
      wholeNumber,
      availableParallelism(),
    )
    .option("--json", "one object a network on standard output, as a list")
    .action(modelsAction);
}

function channelsFrom(text: string): number {
  if (text === "1" || text === "3") return Number(text);
  throw new InvalidArgumentError(`must be 1 or 3, got ${text}`);
}

async function modelsAction(names: readonly string[], flags: ModelsFlags): Promise<void> {
  const { size = null, channels, classes: numClasses, batch, threads } = flags;
  const { networkOf } = await import("../run/network.ts");
  const { modelFacts, networkFor, timeStep } = await import("../run/models.ts");
  const progress = createProgress(process.stderr);
  const told = names.length === 0 ? networkNames : names;
  const rows: (Fit | Unfit)[] = [];
  try {
    for (const [done, text] of told.entries()) {
      if (flags.time) progress.onProgress(done, told.length, `timing ${text}`);
      const model = networkFrom(text);
      const definition = await networkOf({ model });
      const question: ModelQuestion = { definition, options: model.options, size, channels, numClasses };
      try {
        const network = networkFor(question);
        const facts = modelFacts(question, network);
        const step = flags.time
          ? { step: await timeStep(question, network, { batchSize: batch, threads }) }
          : {};
        rows.push({ ...facts, ...step });
      } catch (error) {
        // In a list of all those that do not fit are told; what was asked for by name must fit.
        if (names.length > 0 || !(error instanceof CutoutError) || error.kind === "settings") throw error;
        rows.push({ name: text, unfit: error.what });
      }
    }
  } finally {
    progress.clear();
  }
  say(flags.json ? JSON.stringify(rows, null, 1) : formatModels(rows, flags));
}

const million = (count: number): string => `${(count / 1e6).toFixed(1)} M`;

function formatModels(
  rows: readonly (Fit | Unfit)[],
  { time, batch, threads }: Pick<ModelsFlags, "time" | "batch" | "threads">,
): string {
  const header = [
    "network",
    "images",
    "parameters",
    "multiply-adds",
    "MiB an image",
    ...(time ? ["ms a step", "images/s"] : []),
    "options",
  ];
  const cells = rows.map((row) => {
    if ("unfit" in row) return [row.name, ...header.slice(2).map(() => "-"), row.unfit];
    const { step } = row;
    const { height, width, channels } = row.input;
    const timed = step
      ? [whole(step.milliseconds), step.imagesPerSecond.toPrecision(3)]
      : ["-", step === null ? "too little memory" : "-"];
    return [
      row.name,
      `${channels}x${height}x${width}`,
      whole(row.parameters),
      million(row.multiplyAdds),
      (row.bytesPerImage / 2 ** 20).toFixed(2),
      ...(time ? timed : []),
      row.options.join(", "),
    ];
  });
  return [
    formatTable(
      [header, ...cells],
      header.map((_, column) => (column < 1 || column === header.length - 1 ? "left" : "right")),
    ),
    "",
    "multiply-adds: of one image, forward. MiB an image: what each image of a batch adds to a step by the order of its",
    "operators; ONNX Runtime has taken 1.4 to 2.2 times as much.",
    ...(time ? [`a step: ${batch} images, forward, gradients and update, by ${threads} threads.`] : []),
    `By name too: ${families.map(({ form }) => form).join(", ")}.`,
  ].join("\n");
}
