// A few labelled images a class, with and without a pretraining on all images that are not for the test. A row a run is
// added to a file; what is there already is not run again, and a run that was killed is gone on with.
//
//   node --import tsx bench/pretraining.ts --data asirra --labels 50 --seeds 0-2 --runs runs/pretraining --out bench/results/pretraining.jsonl
//   ... "--pretrain=--size 64 --epochs 30" "--train=--size 64 --epochs 60"
//
// Each seed divides the images anew: other test images, and other labelled ones. The pretraining sees all images but the
// test images, without their classes. The last epoch is kept; nothing is chosen on the test part.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Command } from "commander";
import { addSettingFlags } from "../src/cli/setting-flags.ts";
import type { Settings } from "../src/config/config.ts";
import { settingsFrom } from "../src/config/flags.ts";
import { openSource } from "../src/data/index.ts";
import { resumePretraining, runPretraining } from "../src/run/pretraining.ts";
import { resumeTrial, runTrial, type TrialResult } from "../src/run/trial.ts";
import { openAnyRun } from "../src/run-folder/index.ts";
import type { Scores } from "../src/train/objective.ts";

/** A line of the results. */
interface Row {
  /** `scratch`, or what was learnt before. */
  readonly arm: string;
  readonly seed: number;
  /** Labelled images a class. */
  readonly labels: number;
  readonly train: string;
  readonly pretrain: string;
  readonly epochs: number;
  readonly top1: number;
  readonly loss: number;
  /** Test images. */
  readonly count: number;
  /** Mean squared error where test images were corrupted, after the pretraining; null without one. */
  readonly pretrained: number | null;
}

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    labels: { type: "string", default: "50" },
    seeds: { type: "string", default: "0-2" },
    arms: { type: "string", default: "scratch,denoise,context-encoder" },
    train: { type: "string", default: "" },
    pretrain: { type: "string", default: "" },
    runs: { type: "string", default: "runs/pretraining" },
    out: { type: "string", default: "pretraining.jsonl" },
  },
});
const { data, runs, out } = values;
if (data === undefined) throw new Error("pretraining: --data must be given");
const labels = Number(values.labels);

/** `0-2` or `0,3` */
function seedsIn(text: string): number[] {
  const [first, last] = text.split("-").map(Number) as [number, number | undefined];
  if (last === undefined) return text.split(",").map(Number);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

function settingsOf(flags: string, given: readonly string[]): Settings {
  const command = addSettingFlags(new Command().argument("<data>"), { pretraining: true });
  const words = flags.split(" ").filter((word) => word !== "");
  command.parse([data!, ...given, ...words], { from: "user" });
  return settingsFrom(command.args[0], command.opts()).settings;
}

/** Begins a run, or goes on with the one that is there. */
async function run<S extends Scores>(
  runDir: string,
  begin: () => Promise<TrialResult<S>>,
  goOn: () => Promise<TrialResult<S>>,
): Promise<S["score"]> {
  const there = existsSync(join(runDir, "config.json"));
  const finished = there ? openAnyRun(runDir).test : null;
  if (finished !== null) return finished.test;
  const { test } = await (there ? goOn() : begin());
  if (test === null) throw new Error(`pretraining: ${runDir} was not tested`);
  return test;
}

const done: readonly Row[] = existsSync(out)
  ? readFileSync(out, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row)
  : [];
const { train, pretrain } = values;
const isDone = (arm: string, seed: number) =>
  done.some(
    (row) =>
      row.arm === arm &&
      row.seed === seed &&
      row.labels === labels &&
      row.train === train &&
      (arm === "scratch" || row.pretrain === pretrain),
  );

const { classes } = await openSource({ data });
for (const seed of seedsIn(values.seeds)) {
  const parts = ["--seed", String(seed), "--validation", "0"];
  for (const arm of values.arms.split(",")) {
    if (isDone(arm, seed)) continue;
    const before = arm === "scratch" ? null : join(runs, `pretrain-${arm}-${seed}`);
    const options = (runDir: string) => ({
      runDir,
      onEvent: (event: { readonly type: string; readonly text?: string; readonly epoch?: number }) => {
        if (event.type === "message") console.error(`${arm} ${seed}: ${event.text}`);
        if (event.type === "epoch") console.error(`${arm} ${seed}: epoch ${event.epoch}`);
      },
    });
    const rebuilt =
      before === null
        ? null
        : await run(
            before,
            () => runPretraining(settingsOf(pretrain, [...parts, "--objective", arm]), options(before)),
            () => resumePretraining(before, options(before)),
          );
    const runDir = join(runs, `train-${arm}-${labels}-${seed}`);
    const few = [...parts, "--train-images", String(labels * classes.length)];
    const settings = settingsOf(train, before === null ? few : [...few, "--from", before]);
    const score = await run(
      runDir,
      () => runTrial(settings, options(runDir)),
      () => resumeTrial(runDir, options(runDir)),
    );
    const { config } = openAnyRun(runDir);
    const row: Row = {
      arm,
      seed,
      labels,
      train,
      pretrain: before === null ? "" : pretrain,
      epochs: config.epochs,
      top1: score.top1,
      loss: score.loss,
      count: score.count,
      pretrained: rebuilt === null ? null : (rebuilt as { readonly corrupted: number }).corrupted,
    };
    appendFileSync(out, `${JSON.stringify(row)}\n`);
    console.log(`${arm}  seed ${seed}  accuracy ${(100 * row.top1).toFixed(2)} %  ${row.count} images`);
  }
}
