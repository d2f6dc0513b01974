// Trainings on small sets of photos: which weights to keep (best epoch on validation, smoothed, last, averaged), and
// which settings are worth being the default. A row a run is added to a file; what is there already is not run again.
//
//   node --import tsx bench/small-sets.ts --data asirra --images 200,600 --seeds 0-4 --arm "default:" --out bench/results/small-sets.jsonl
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Command } from "commander";
import { addSettingFlags } from "../src/cli/setting-flags.ts";
import { settingsFrom } from "../src/config/flags.ts";
import { openLoader } from "../src/data/index.ts";
import { buildNetwork } from "../src/nn/build.ts";
import { learningRateAt } from "../src/optim/schedule.ts";
import { stream } from "../src/rng.ts";
import { type Prepared, prepare } from "../src/run/prepare.ts";
import { nodeRuntime } from "../src/runtime/node.ts";
import type { Tensor } from "../src/tensor.ts";
import { evaluate } from "../src/train/evaluate.ts";
import { mixed } from "../src/train/mix.ts";
import type { DirectSession, TrainingState } from "../src/train/network-session.ts";
import { classify, classScoring } from "../src/train/objectives/classify.ts";
import { createTrainingSession } from "../src/train/step.ts";
import type { Row } from "./small-sets-row.ts";

type Weights = Omit<TrainingState, "optimizer">;

/** Epochs on each side whose validation accuracy is averaged. */
const window = 2;
/** Share of the last epochs whose weights are averaged. */
const tail = 0.25;
/** Of an average over the epochs: what stays of it at each. */
const decay = 0.8;

const better = (values: readonly number[], ties: readonly number[]) =>
  values.reduce(
    (best, value, at) =>
      value > values[best]! || (value === values[best]! && ties[at]! < ties[best]!) ? at : best,
    0,
  );

const smoothed = (values: readonly number[]) =>
  values.map((_, at) => {
    const near = values.slice(Math.max(0, at - window), at + window + 1);
    return near.reduce((sum, value) => sum + value, 0) / near.length;
  });

/** sum of share x weights, tensor by tensor. */
function averageOf(states: readonly Weights[], shares: readonly number[]): Weights {
  const average = (part: keyof Weights) =>
    new Map(
      [...states[0]![part]].map(([name, first]): [string, Tensor] => {
        const data = new Float32Array(first.data.length);
        states.forEach((state, index) => {
          const other = state[part].get(name)!.data as Float32Array;
          for (let at = 0; at < data.length; at++) data[at]! += shares[index]! * other[at]!;
        });
        return [name, { ...first, data } as Tensor];
      }),
    );
  return { parameters: average("parameters"), buffers: average("buffers") };
}

async function score(prepared: Prepared, session: DirectSession, indices: Int32Array) {
  const { dataset, pipeline, config } = prepared;
  const scoring = await evaluate({
    predictor: session,
    scoring: classScoring(dataset, indices),
    dataset,
    indices,
    pipeline,
    loader: openLoader({ dataset, pipeline, workers: 0 }),
    crops: config.crops,
    batchSize: config.batchSize,
  });
  return scoring.score();
}

async function train(
  prepared: Prepared,
  wanted: readonly string[] | null,
): Promise<Omit<Row, "arm" | "flags" | "images" | "seed">> {
  const start = performance.now();
  const { config, network: definition, dataset, split, pipeline } = prepared;
  const { seed, epochs, batchSize, optimizer, labelSmoothing, schedule, threads, augment } = config;
  const numClasses = dataset.classes.length;
  const network = buildNetwork(definition, {
    input: pipeline.output,
    numClasses,
    options: config.model.options,
  });
  const objective = classify({ labelSmoothing, classWeights: null });
  const runtime = nodeRuntime({ threads, convolution: "fixed" });
  const session = await createTrainingSession({ network, objective, batchSize, optimizer, seed, runtime });
  const task = objective.on(dataset, pipeline.output);
  const loader = openLoader({ dataset, pipeline, workers: 0 });
  const stepsPerEpoch = Math.floor(split.train.length / batchSize);
  const states: Weights[] = [];
  const validation: { readonly top1: number; readonly loss: number }[] = [];
  let correct = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const progress = epochs === 1 ? 1 : (epoch - 1) / (epochs - 1);
    let step = 0;
    correct = 0;
    for await (const batch of loader.training({ indices: split.train, batchSize, seed, epoch, progress })) {
      const place = { seed, epoch, batch: step, progress };
      const whole = { images: batch.images, labels: task.labels(batch), count: batch.count };
      const lesson = task.lesson(mixed(augment.mix, whole, pipeline.output, place), place);
      const at = (epoch - 1) * stepsPerEpoch + step++;
      const learningRate = learningRateAt(schedule, { step: at, stepsPerEpoch, epochs }, null);
      const { output } = await session.step(lesson.images, lesson.targets, {
        learningRate,
        seed: stream(seed, "dropout", at).seed(),
      });
      correct += lesson.learnt(output).correct ?? 0;
    }
    const { parameters, buffers } = session.state();
    states.push({ parameters, buffers });
    validation.push(await score(prepared, session, split.validation));
  }
  const top1 = validation.map((each) => each.top1);
  const loss = validation.map((each) => each.loss);
  const last = epochs - 1;
  const first = Math.floor(epochs * (1 - tail));
  const some = states.slice(first);
  const fading = states.map((_, at) => (1 - decay) * decay ** (last - at));
  const sum = fading.reduce((total, each) => total + each, 0);
  const ways: { readonly [way: string]: readonly [epoch: number, weights: Weights] } = {
    best: [better(top1, loss) + 1, states[better(top1, loss)]!],
    "best smoothed": [
      better(smoothed(top1), smoothed(loss)) + 1,
      states[better(smoothed(top1), smoothed(loss))]!,
    ],
    "lowest loss": [
      better(
        loss.map((each) => -each),
        loss,
      ) + 1,
      states[
        better(
          loss.map((each) => -each),
          loss,
        )
      ]!,
    ],
    last: [epochs, states[last]!],
    "average of the last quarter": [
      0,
      averageOf(
        some,
        some.map(() => 1 / some.length),
      ),
    ],
    "fading average": [
      0,
      averageOf(
        states,
        fading.map((each) => each / sum),
      ),
    ],
  };
  const kept: Record<string, { epoch: number; top1: number }> = {};
  const { optimizer: momenta } = session.state();
  const trained = (performance.now() - start) / 1000;
  for (const [way, [epoch, weights]] of Object.entries(ways)) {
    if (wanted !== null && !wanted.includes(way)) continue;
    session.load({ ...weights, optimizer: momenta });
    kept[way] = { epoch, top1: (await score(prepared, session, split.test)).top1 };
  }
  await session.close();
  return {
    validation: split.validation.length,
    photos: split.test.length,
    epochs,
    batchSize,
    trainTop1: correct / (stepsPerEpoch * batchSize),
    validationTop1: top1,
    kept,
    trained,
    seconds: (performance.now() - start) / 1000,
  };
}

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    images: { type: "string", default: "200,600,2000" },
    seeds: { type: "string", default: "0-4" },
    photos: { type: "string", default: "4000" },
    threads: { type: "string", default: "1" },
    /** `name:flags of cutout train`, several times */
    arm: { type: "string", multiple: true, default: ["default:"] },
    /** which ways to test, separated by commas; all where it is not given */
    ways: { type: "string" },
    out: { type: "string", default: "bench/results/small-sets.jsonl" },
  },
});
if (values.data === undefined) throw new Error("small-sets: --data must be a folder of photos, got none");
const [from, to] = values.seeds.split("-").map(Number) as [number, number];
const ways = values.ways?.split(",") ?? null;
const rows: Row[] = existsSync(values.out)
  ? readFileSync(values.out, "utf8")
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
  : [];

// Seeds outermost: whenever it is stopped, every arm has about as many.
for (let seed = from; seed <= to; seed++) {
  for (const images of values.images.split(",").map(Number)) {
    for (const text of values.arm) {
      const colon = text.indexOf(":");
      const [arm, flags] = [text.slice(0, colon), text.slice(colon + 1).trim()];
      if (rows.some((row) => row.arm === arm && row.images === images && row.seed === seed)) continue;
      const command = addSettingFlags(new Command().exitOverride());
      // What a person with so many photos has: a tenth of them for validation, and a quarter for a test that is not used.
      const told = `--train-images ${images} --validation ${Math.round(images / 6.5)} --test ${values.photos} --seed ${seed} --threads ${values.threads} ${flags}`;
      command.parse(told.trim().split(/\s+/), { from: "user" });
      const { settings } = settingsFrom(values.data, command.opts());
      const prepared = await prepare(settings, () => {});
      try {
        const row: Row = { arm, flags, images, seed, ...(await train(prepared, ways)) };
        appendFileSync(values.out, `${JSON.stringify(row)}\n`);
        const shown = Object.entries(row.kept).map(([way, { top1 }]) => `${way} ${(100 * top1).toFixed(2)}`);
        console.log(`${arm} ${images} seed ${seed}: ${shown.join(", ")}; ${row.seconds.toFixed(0)} s`);
      } finally {
        prepared.dataset.close();
      }
    }
  }
}
