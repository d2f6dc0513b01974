// Does a training end where PyTorch's ends, and spread no more over the seeds? Whole trainings of resnet9, a row a run.
//
//   CUTOUT_BENCH_PYTHON=venv/bin/python node --import tsx bench/spread.ts --data cifar10 --seeds 0-19 \
//     --sides winograd,direct,torch,torch-same,torch-other-order --out bench/results/spread.jsonl
//
// `torch` draws first weights, order, crops and flips by itself, from the same distributions; `torch-same` takes ours of
// that seed, and `torch-other-order` too, but sums in another order (channels-last, one thread).
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { evaluationViews } from "../src/augment/index.ts";
import { openLoader } from "../src/data/index.ts";
import { initialParameters } from "../src/nn/network.ts";
import { learningRateAt } from "../src/optim/schedule.ts";
import { permutation, stream } from "../src/rng.ts";
import type { Prepared } from "../src/run/prepare.ts";
import { type AccuracySettings, networkOf, prepareTraining, trainWhole } from "./accuracy-training.ts";
import { pythonCommand } from "./peer-programs.ts";

const ours = { winograd: "fixed", direct: "im2col" } as const;
const theirs = ["torch", "torch-same", "torch-other-order"] as const;
const sides = [...(Object.keys(ours) as (keyof typeof ours)[]), ...theirs] as const;
type Side = (typeof sides)[number];

interface Row extends Omit<AccuracySettings, "data" | "threads"> {
  readonly side: Side;
  readonly testTop1: number;
  readonly testLoss: number;
  /** Mean over the steps of the last epoch. */
  readonly trainLoss: number;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    seeds: { type: "string", default: "0-19" },
    sides: { type: "string", default: sides.join(",") },
    images: { type: "string", default: "5000" },
    epochs: { type: "string", default: "8" },
    threads: { type: "string", default: "2" },
    out: { type: "string", default: "bench/results/spread.jsonl" },
  },
});
if (values.data === undefined) throw new Error("spread: --data must be CIFAR-10's folder, got none");
const [first, last] = values.seeds.split("-").map(Number) as [number, number];
const chosen = values.sides.split(",").map((name) => {
  const side = sides.find((known) => known === name);
  if (side === undefined) throw new Error(`spread: --sides must be among ${sides.join(", ")}, got ${name}`);
  return side;
});
const settingsOf = (seed: number): AccuracySettings => ({
  data: values.data!,
  model: "resnet9",
  seed,
  images: Number(values.images),
  epochs: Number(values.epochs),
  batch: 128,
  threads: Number(values.threads),
});

const bytesOf = (array: Float32Array | Int32Array | Uint8Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Everything that a training is made of, for PyTorch: images, first weights, the view of each image in each step. */
function describe(prepared: Prepared, folder: string): void {
  const { config, dataset, split, pipeline, statistics } = prepared;
  const { seed, epochs, batchSize, schedule } = config;
  const write = (name: string, data: Float32Array | Int32Array | Uint8Array) =>
    writeFileSync(join(folder, name), bytesOf(data));
  const size = dataset.height * dataset.width * dataset.channels;
  for (const [part, indices] of [
    ["train", split.train],
    ["test", split.test],
  ] as const) {
    const pixels = new Uint8Array(indices.length * size);
    dataset.read(indices, pixels);
    write(`${part}.u8`, pixels);
    write(
      `${part}-labels.i32`,
      Int32Array.from(indices, (index) => dataset.labels[index]!),
    );
  }
  const network = networkOf(prepared);
  const weights = initialParameters(network, seed);
  const flat = network.parameters.flatMap(({ name }) => [...(weights.get(name)!.data as Float32Array)]);
  write("weights.f32", Float32Array.from(flat));
  // As the loader draws them (src/data/loading/): the order of an epoch, and a stream for each image in it.
  const stepsPerEpoch = Math.floor(split.train.length / batchSize);
  const views: number[] = [];
  const rates: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = permutation(stream(seed, "shuffle", epoch), split.train.length);
    for (let step = 0; step < stepsPerEpoch; step++) {
      rates.push(learningRateAt(schedule, { step: rates.length, stepsPerEpoch, epochs }, null));
      for (const place of order.subarray(step * batchSize, (step + 1) * batchSize)) {
        const rng = stream(seed, "augment", epoch, split.train[place]!);
        const { top, left, flip } = pipeline.sample(rng);
        views.push(place, top, left, flip ? 1 : 0);
      }
    }
  }
  write("views.i32", Int32Array.from(views));
  const [centre] = evaluationViews("center", dataset, pipeline.output);
  if (centre!.top !== 0 || centre!.left !== 0) throw new Error("spread: the whole image must be tested");
  const { mean, std } = statistics;
  writeFileSync(
    join(folder, "training.json"),
    JSON.stringify({
      seed,
      epochs,
      batch: batchSize,
      rates,
      mean,
      std,
      padding: config.augment.padding,
      flip: config.augment.flip,
      optimizer: config.optimizer,
      side: dataset.height,
      classes: dataset.classes.length,
      parameters: network.parameters.map(({ name, shape, init, role }) => ({ name, shape, init, role })),
    }),
  );
}

/** The first batch as the loader makes it must be the one that is described. */
async function checkBatch({ config, dataset, split, pipeline }: Prepared, folder: string): Promise<void> {
  const { seed, batchSize } = config;
  const loader = openLoader({ dataset, pipeline, workers: 0 });
  const order = { indices: split.train, batchSize, seed, epoch: 1 };
  const views = new Int32Array(readFileSync(join(folder, "views.i32")).buffer.slice(0, 16 * batchSize));
  for await (const { indices } of loader.training(order)) {
    const same = indices.every((index, at) => index === split.train[views[4 * at]!]);
    if (!same) throw new Error("spread: the order of the images is not the loader's any more");
    break;
  }
  await loader.close();
}

async function run(side: Side, settings: AccuracySettings): Promise<Row> {
  const { data: _, threads, ...shared } = settings;
  if (side === "winograd" || side === "direct") {
    const { testTop1, testLoss, trainLoss, seconds } = await trainWhole(settings, ours[side]);
    return { side, ...shared, testTop1, testLoss, trainLoss, seconds };
  }
  const prepared = await prepareTraining(settings);
  const folder = mkdtempSync(join(tmpdir(), "cutout-spread-"));
  try {
    describe(prepared, folder);
    await checkBatch(prepared, folder);
    const [program, ...words] = pythonCommand("torch_spread.py", folder, side, threads);
    const { status, stdout, stderr } = spawnSync(program!, words, { encoding: "utf8" });
    if (status !== 0) throw new Error(`spread: PyTorch ended with ${status}: ${stderr.trim()}`);
    return { side, ...shared, ...(JSON.parse(stdout) as Omit<Row, keyof AccuracySettings | "side">) };
  } finally {
    prepared.dataset.close();
    rmSync(folder, { recursive: true });
  }
}

mkdirSync(dirname(values.out), { recursive: true });
const known: readonly Row[] = existsSync(values.out)
  ? readFileSync(values.out, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row)
  : [];
for (let seed = first; seed <= (last ?? first); seed++) {
  for (const side of chosen) {
    const settings = settingsOf(seed);
    const same = (row: Row) =>
      row.side === side &&
      row.seed === seed &&
      row.images === settings.images &&
      row.epochs === settings.epochs;
    if (known.some(same)) continue;
    const row = await run(side, settings);
    appendFileSync(values.out, `${JSON.stringify(row)}\n`);
    console.log(
      `seed ${seed}  ${side.padEnd(18)} test ${(100 * row.testTop1).toFixed(2)} %, loss ${row.testLoss.toFixed(4)}, training loss ${row.trainLoss.toFixed(4)}, ${row.seconds.toFixed(0)} s`,
    );
  }
}
