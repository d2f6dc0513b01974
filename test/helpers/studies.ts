// Small studies of painted photos, to be run somewhere, and what their runs must be like afterwards.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatVersion } from "../../src/config/config.ts";
import { readSettings } from "../../src/config/settings.ts";
import { runStudyTrial, sameMachine } from "../../src/execute/run-trial.ts";
import {
  appendTrials,
  createStudyFolder,
  type NewTrial,
  type OpenStudy,
  openStudy,
  type Trial,
  trialFolder,
} from "../../src/study-folder/index.ts";
import { paintPhotos } from "./photos.ts";
import { metricsOf } from "./small-run.ts";

export interface SmallStudies {
  readonly root: string;
  readonly photos: string;
  /** A new study of these trials: arm 0 without holes, arm 1 with them, arm 2 with holes larger than the images. */
  study(trials: readonly NewTrial[], data?: string): OpenStudy;
  /** The run of such a trial, trained in this process and disturbed by nobody. */
  alone(trial: Trial): Promise<string>;
  close(): void;
}

/** A training of a trial: 4 steps an epoch. */
export const training = (seed: number, changes: Partial<Extract<NewTrial, { task: "train" }>> = {}) =>
  ({ task: "train", arm: 1, seed, stage: "look 6", epochs: null, test: true, ...changes }) as const;

export async function openSmallStudies(epochs: number): Promise<SmallStudies> {
  const root = mkdtempSync(join(tmpdir(), "cutout-studies-"));
  const photos = join(root, "photos");
  await paintPhotos(photos, 26, 12);
  let number = 0;
  const settings = (cutout: { readonly length: number } | null) =>
    readSettings({
      data: photos,
      model: "resnet9",
      imageSize: 12,
      cacheSize: 12,
      epochs,
      batchSize: 8,
      split: { validation: 8, test: 12 },
      threads: 1,
      loaderWorkers: 0,
      cacheDir: join(root, "cache"),
      augment: { cutout },
    });
  const arms = [
    { name: "", settings: settings(null) },
    { name: "--cutout 4", settings: settings({ length: 4 }) },
    { name: "--cutout 40", settings: settings({ length: 40 }) },
  ];
  const study: SmallStudies["study"] = (trials, data = photos) => {
    const path = join(root, `study${number++}`);
    createStudyFolder(path, {
      question: "compare",
      plan: { number },
      arms,
      data,
      command: ["compare", photos],
      version: "0.0.0",
      formatVersion,
      created: new Date().toISOString(),
    });
    const opened = openStudy(path);
    appendTrials(path, opened.study, [], trials);
    return openStudy(path);
  };
  const known = new Map<string, Promise<string>>();
  return {
    root,
    photos,
    study,
    alone(trial) {
      const { index, ...rest } = trial;
      const key = JSON.stringify(rest);
      const make = async () => {
        const own = study([rest]);
        const outcome = await runStudyTrial(own, own.trials[0]!, { ...sameMachine, threads: 1 });
        if (outcome.state !== "finished") throw new Error(JSON.stringify(outcome));
        return trialFolder(own.path, 0);
      };
      const made = known.get(key) ?? make();
      known.set(key, made);
      return made;
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

const kept = ["best.safetensors", "last.safetensors", "evaluation.json", "model.onnx", "augmented.png"];

/** What in a run folder is not as in that of a run left alone; empty when all is, bit for bit but for times. */
export function differences(folder: string, alone: string): string[] {
  const bytes = (path: string) => (existsSync(path) ? readFileSync(path) : Buffer.from("missing"));
  const wrong = kept.filter((file) => !bytes(join(folder, file)).equals(bytes(join(alone, file))));
  if (JSON.stringify(metricsOf(folder)) !== JSON.stringify(metricsOf(alone))) wrong.push("metrics.jsonl");
  const [files, expected] = [folder, alone].map((each) => readdirSync(each).sort().join(" "));
  if (files !== expected) wrong.push(`files ${files}, not ${expected}`);
  return wrong;
}
