// `cutout bench --layers MODEL`: how long each algorithm takes here for each convolution of a network.
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { findNetwork, networkForms } from "../nn/build.ts";
import type { DeviceChoice } from "../run/device.ts";
import type { ModelLayersOptions } from "../run/layers.ts";
import { say, tell } from "./console.ts";
import { formatLayers } from "./layer-table.ts";
import { checkOutFile, writeOutFile } from "./out-file.ts";
import { createProgress } from "./progress.ts";

interface BenchFlags {
  readonly layers: ModelLayersOptions["model"];
  readonly size?: number;
  readonly batch: number;
  readonly threads: number;
  readonly device: DeviceChoice;
  readonly json?: string;
}

export function addBench(program: Command): void {
  program
    .command("bench")
    .summary("time the convolutions of a network on this machine")
    .description(
      "Times every algorithm that can compute a convolution of a network, forward and gradients, and tells which " +
        "one training takes with --convolution fixed and with timed. Later runs with timed take these times.",
    )
    .addOption(
      new Option("--layers <model>", `network: ${networkForms}`)
        .argParser((name) => findNetwork(name).name)
        .makeOptionMandatory(),
    )
    .option(
      "--size <pixels>",
      "side of the images (default: 32, or what the network wants of photos)",
      wholeNumber,
    )
    .option("--batch <number>", "images in one training step", wholeNumber, 128)
    .option("--threads <number>", "processor threads", wholeNumber, availableParallelism())
    .addOption(
      new Option("--device <name>", "where the network runs")
        .choices(["cpu", "webgpu", "auto"])
        .default("cpu"),
    )
    .option("--json <file>", "write the table as JSON")
    .action(benchAction);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError(`must be an integer >= 1, got ${text}`);
  return value;
}

async function benchAction({
  layers: model,
  batch,
  threads,
  device,
  json,
  ...flags
}: BenchFlags): Promise<void> {
  if (json !== undefined) checkOutFile("--json", json);
  const { benchSize, timeModelLayers } = await import("../run/layers.ts");
  const size = flags.size ?? benchSize(model);
  const progress = createProgress(process.stderr);
  try {
    const table = await timeModelLayers({
      model,
      size,
      batchSize: batch,
      threads,
      device,
      tell,
      onProgress: (done, total) => progress.onProgress(done, total, "timing convolutions"),
    });
    progress.clear();
    say(formatLayers(table));
    if (json !== undefined) {
      const content = { model, size, batch, threads, layers: table };
      writeOutFile(json, Buffer.from(`${JSON.stringify(content, null, 1)}\n`));
      say(`json    ${json}`);
    }
  } finally {
    progress.clear();
  }
}
