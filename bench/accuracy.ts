// `node --import tsx bench/accuracy.ts layers|training ...`: what the convolution algorithms do to the numbers.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { type NetworkName, networkNames } from "../src/nn/networks/index.ts";
import { type ConvolutionMode, convolutionModes } from "../src/runtime/choice.ts";
import { layerRows, layerTable } from "./accuracy-layers.ts";
import { compareTrainings, type TrainingRow, trainWhole } from "./accuracy-training.ts";

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}

const wholes = (text: string) => text.split(",").map(whole);

function chosenConvolutions(text: string): ConvolutionMode[] {
  return text.split(",").map((name) => {
    const found = convolutionModes.find((known) => known === name);
    if (found === undefined)
      throw new InvalidArgumentError(`It must be among ${convolutionModes.join(", ")}.`);
    return found;
  });
}

interface Options {
  readonly data: string;
  readonly model: NetworkName;
  readonly images: number;
  readonly epochs: number;
  readonly batch: number;
  readonly threads: number;
  readonly learningRate?: number;
}

/** What all rows of a file must have in common. */
const fixedOptions = ["data", "model", "images", "epochs", "batch", "threads", "learningRate"] as const;

interface TrainingOptions extends Options {
  readonly seeds: readonly number[];
  readonly convolutions: readonly ConvolutionMode[];
  readonly out?: string;
}

/** Adds the rows that the file does not have yet, one by one: a run that was stopped can be gone on with. */
async function training({ seeds, convolutions, out, ...settings }: TrainingOptions): Promise<void> {
  const rows: TrainingRow[] = out && existsSync(out) ? JSON.parse(readFileSync(out, "utf8")).rows : [];
  const other = rows.find((row) => fixedOptions.some((name) => row[name] !== settings[name]));
  if (other)
    throw new Error(
      `${out}: must be of the same settings, got ${JSON.stringify(other)}; choose another file`,
    );
  for (const seed of seeds) {
    for (const convolution of convolutions) {
      if (rows.some((row) => row.seed === seed && row.convolution === convolution)) continue;
      const row = await trainWhole({ ...settings, seed }, convolution);
      rows.push(row);
      if (out) writeFileSync(out, `${JSON.stringify({ rows }, null, 2)}\n`);
      console.log(
        `seed ${seed}  ${convolution.padEnd(12)} test ${(100 * row.testTop1).toFixed(2)} %, ` +
          `loss ${row.testLoss.toFixed(4)}, training loss ${row.trainLoss.toFixed(4)}, ${row.seconds.toFixed(0)} s`,
      );
    }
  }
  const [first, ...others] = convolutions;
  for (const second of others) {
    const ready = [first, second].every(
      (name) => rows.filter(({ convolution }) => convolution === name).length > 1,
    );
    if (ready) console.table(compareTrainings(rows, first!, second).map(inWords));
  }
}

interface LayersOptions extends Options {
  readonly seed: number;
  readonly places: number;
  readonly out?: string;
}

async function layers({ out, ...settings }: LayersOptions): Promise<void> {
  const rows = await layerRows(settings, (text) => console.log(text));
  if (out) writeFileSync(out, `${JSON.stringify({ settings, rows }, null, 2)}\n`);
  console.table(layerTable(rows));
}

const figure = (x: number) => x.toPrecision(4);

const inWords = ({ result, first, second, samples, welch }: ReturnType<typeof compareTrainings>[number]) => ({
  result,
  ...Object.fromEntries(
    [first, second].map((name, index) => {
      const { n, mean, deviation } = samples[index]!;
      return [name, `${figure(mean)} ± ${figure(deviation)} (n = ${n})`];
    }),
  ),
  difference: `${figure(welch.difference)} (${welch.interval.map(figure).join(" to ")})`,
  p: figure(welch.p),
});

const program = new Command("accuracy");

const command = (name: string, about: string) =>
  program
    .command(name)
    .description(about)
    .requiredOption("--data <folder>", "images, as `cutout train` takes them")
    .addOption(new Option("--model <name>", "network").choices(networkNames).default("resnet9"))
    .option("--images <n>", "training images", whole, 10_000)
    .option("--epochs <n>", "passes over them", whole, 4)
    .option("--batch <n>", "images in a step", whole, 128)
    .option("--learning-rate <rate>", "at its highest; the network's own when left out", positive)
    .option("--threads <n>", "threads of an operator", whole, Math.min(2, availableParallelism()));

command("layers", "errors of every algorithm in every convolution of a trained network")
  .option("--seed <n>", "of the training, and of the places that are compared", whole, 1)
  .option("--places <n>", "places of each result that are compared", whole, 2000)
  .option("--out <file>", "JSON rows")
  .action(layers);

command("training", "whole trainings with one algorithm and with another, for several seeds")
  .option("--seeds <numbers>", "comma between", wholes, [1, 2, 3, 4, 5])
  .option("--convolutions <names>", `two or more of ${convolutionModes.join(", ")}`, chosenConvolutions, [
    "im2col",
    "fixed",
  ])
  .option("--out <file>", "JSON rows; what it holds already is not trained again")
  .action(training);

await program.parseAsync();
