// Pretrainings and what begins with them, on small painted photos and a small network in a file.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { paintPhotos } from "../../test/helpers/photos.ts";
import type { Settings, SettingsInput } from "../config/config.ts";
import { readSettings } from "../config/settings.ts";
import { loadCheckpoint } from "../run-folder/checkpoint.ts";
import { configJson, openRun, showPretraining } from "../run-folder/index.ts";
import { reconstructionJson } from "../run-folder/reconstruction-json.ts";
import { openClassifier } from "./classifier.ts";
import { resumePretraining, runPretraining } from "./pretraining.ts";
import { resumeTrial, runTrial } from "./trial.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-pretraining-"));
const data = join(root, "photos");
const unlabelled = join(root, "unlabelled");
const networkFile = join(root, "tiny.mjs") as `${string}.mjs`;
afterAll(() => rmSync(root, { recursive: true }));

function settingsFor(told: Partial<SettingsInput>): Settings {
  return readSettings({
    data: unlabelled,
    model: networkFile,
    imageSize: 16,
    cacheSize: 18,
    epochs: 2,
    batchSize: 8,
    threads: 1,
    loaderWorkers: 0,
    split: { validation: 8, test: 12 },
    cacheDir: join(root, "cache"),
    runsDir: join(root, "runs"),
    ...told,
  });
}

const denoising = (told: Partial<SettingsInput> = {}) =>
  settingsFor({
    objective: { kind: "denoise", corruption: ["cutout:length=6", "gaussian-noise:std=0.1"] } as never,
    ...told,
  });

const weightsOf = (runDir: string, name: "last" | "best" = "last") => {
  const { state } = loadCheckpoint(join(runDir, `${name}.safetensors`));
  return new Map([...state.parameters, ...state.buffers]);
};

let pretrained: string;
const events: string[] = [];
beforeAll(async () => {
  const nn = JSON.stringify(pathToFileURL(resolve("src/index.ts")).href);
  writeFileSync(
    networkFile,
    `import * as nn from ${nn};
export default nn.defineNetwork({
  name: "tiny",
  recipe: { learningRate: 0.05 },
  build: ({ numClasses }) => nn.sequential(
    nn.conv("a", 6, 3, 2, 1), nn.batchNorm("a.bn"), nn.relu,
    nn.conv("b", 8, 3, 2, 1), nn.batchNorm("b.bn"), nn.relu,
    nn.globalAvgPool, nn.flatten, nn.linear("classes", numClasses)),
});`,
  );
  await paintPhotos(data, 26);
  // The same without classes: names that say none, a folder within, and images beside it.
  mkdirSync(join(unlabelled, "deeper", "still"), { recursive: true });
  for (const name of ["red", "blue"]) {
    for (const file of readdirSync(join(data, name))) {
      const to = name === "red" ? unlabelled : join(unlabelled, "deeper", "still");
      copyFileSync(join(data, name, file), join(to, `${name} ${file}`));
    }
  }
  const result = await runPretraining(denoising(), {
    onEvent: (event) => event.type === "message" && events.push(event.text),
  });
  pretrained = result.runDir;
});

describe("a pretraining", () => {
  test("takes images without classes, at any depth, and ends with a test of its own", () => {
    const run = showPretraining(pretrained);
    expect(run.problems).toEqual([]);
    expect(run.dataset).toMatchObject({ count: 52, classes: ["images"], split: { validation: 8, test: 12 } });
    expect(run.epochs).toHaveLength(2);
    expect(run.epochs[1]!.train.loss).toBeLessThan(run.epochs[0]!.train.loss);
    expect(run.test!.test).toEqual(run.evaluation!.score);
    expect(run.config!.objective).toMatchObject({ kind: "denoise", emphasis: 1 });
    expect(events.join("\n")).toContain("unlabelled: 52 images, classes do not count: 32 to train");
    expect(readdirSync(pretrained)).not.toContain("model.onnx");
  });

  test("shows images, what the network saw, and what it made of them, side by side", async () => {
    const { reconstructions } = reconstructionJson.read(pretrained);
    expect(reconstructions).toHaveLength(12);
    for (const { picture } of reconstructions) {
      const { width, height } = await sharp(join(pretrained, picture!)).metadata();
      expect([width, height]).toEqual([3 * 16 + 4, 16]);
    }
    const report = readFileSync(join(pretrained, "report.html"), "utf8");
    expect(report).toContain("What it rebuilds");
    expect(report.match(/<figure><img src="data:image\/webp/g)).toHaveLength(12);
  });

  test("is gone on with exactly after an interruption", async () => {
    const controller = new AbortController();
    let steps = 0;
    const options = {
      signal: controller.signal,
      onEvent: (event: { readonly type: string }) => {
        if (event.type === "step" && ++steps === 3) controller.abort();
      },
    };
    const { runDir, status } = await runPretraining(denoising(), options);
    expect(status).toBe("interrupted");
    expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain(`cutout pretrain --resume`);
    await expect(resumeTrial(runDir)).rejects.toThrow("must be the run of a classifier, got a pretraining");
    await resumePretraining(runDir);
    expect(weightsOf(runDir)).toEqual(weightsOf(pretrained));
    expect(reconstructionJson.read(runDir)).toEqual(reconstructionJson.read(pretrained));
  });

  test("divides images with classes as a training does", async () => {
    const { runDir } = await runPretraining(denoising({ data, epochs: 1 }));
    const classifier = await runTrial(settingsFor({ data, epochs: 1 }));
    const digest = (folder: string) =>
      JSON.parse(readFileSync(join(folder, "dataset.json"), "utf8")).splitDigest;
    expect(digest(runDir)).toBe(digest(classifier.runDir));
  });

  test.each([
    [{ augment: { cutout: { length: 4 } } }, "augment.cutout: would hide what is to be rebuilt"],
    [{ augment: { augmentations: ["grid-mask"] } }, "grid-mask would hide what is to be rebuilt"],
    [{ augment: { mix: "mixup" } }, "augment.mix: mixes labels, and a pretraining has none"],
    [{ labelSmoothing: 0.1 }, "labelSmoothing: is of labels"],
    [{ classWeights: "balanced" }, "classWeights: is of classes"],
    [{ objective: { kind: "classify" } }, "objective: must be denoise or context-encoder"],
  ])("refuses what is of classifiers: %j", async (told, line) => {
    await expect(runPretraining(denoising(told as never))).rejects.toThrow(line);
  });

  test("without images is one line", async () => {
    const empty = join(root, "empty");
    mkdirSync(empty);
    await expect(runPretraining(denoising({ data: empty }))).rejects.toThrow(`${empty} must hold images`);
    const missing = join(root, "missing");
    await expect(runPretraining(denoising({ data: missing }))).rejects.toThrow(`${missing} does not exist`);
  });
});

describe("a classifier that begins with a pretraining", () => {
  const from = (run: string, told: Partial<SettingsInput> = {}) => settingsFor({ data, from: run, ...told });

  test("has its encoder before the first step, a head of its own, and keeps whose weights they were", async () => {
    let first: ReturnType<typeof weightsOf> | null = null;
    let folder = "";
    const told: string[] = [];
    const { runDir, test: score } = await runTrial(from(pretrained), {
      onEvent: (event) => {
        if (event.type === "folder") folder = event.path;
        if (event.type === "message") told.push(event.text);
      },
      onSaved: () => {
        first ??= weightsOf(folder);
      },
    });
    const source = weightsOf(pretrained);
    const names = [...first!.keys()].filter((name) => !name.startsWith("classes."));
    expect(names).toHaveLength(10);
    for (const name of names) expect(first!.get(name), name).toEqual(source.get(name));
    expect(told).toContainEqual(
      `begins with the weights of ${pretrained} (a pretraining, epoch 2): 10 of 12 tensors; fresh: classes.weight and classes.bias`,
    );
    expect(configJson.read(runDir).from).toMatchObject({ run: resolve(pretrained), weights: "last" });
    expect(configJson.read(runDir).from!.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(score!.count).toBe(12);
    const classifier = await openClassifier(runDir);
    await classifier.close();
  });

  test("what Lookahead and an average remember begins with its weights, too", async () => {
    const { runDir } = await runTrial(
      from(pretrained, {
        epochs: 1,
        schedule: { kind: "constant", learningRate: 1e-12 },
        lookahead: { every: 1, alpha: 0.5 },
        average: "ema:decay=0.999",
      }),
    );
    const [learnt, source] = [weightsOf(runDir), weightsOf(pretrained)];
    for (const name of ["a.weight", "b.weight"]) {
      const [is, was] = [learnt, source].map((weights) => [...weights.get(name)!.data].map(Number));
      const far = is!.map((value, at) => Math.abs(value - was![at]!));
      expect(Math.max(...far), name).toBeLessThan(1e-6);
    }
  });

  test("keeps the whitening filters that the weights were learnt behind, on other images, too", async () => {
    const file = join(root, "whitened.mjs") as `${string}.mjs`;
    const nn = JSON.stringify(pathToFileURL(resolve("src/index.ts")).href);
    writeFileSync(
      file,
      `import * as nn from ${nn};
export default nn.defineNetwork({
  name: "whitened",
  build: ({ numClasses }) => nn.sequential(
    nn.whiten("white"), nn.gelu, nn.globalAvgPool, nn.flatten, nn.linear("classes", numClasses)),
});`,
    );
    const told = { model: file, epochs: 1 };
    const source = await runTrial(settingsFor({ data, ...told }));
    const elsewhere = join(root, "others");
    await paintPhotos(elsewhere, 40);
    const [next, alone] = [
      await runTrial(settingsFor({ data: elsewhere, from: source.runDir, ...told })),
      await runTrial(settingsFor({ data: elsewhere, ...told })),
    ];
    const filters = ({ runDir }: { readonly runDir: string }) =>
      [...weightsOf(runDir)].filter(([name]) => name.startsWith("white.") && !name.endsWith("bias"));
    expect(filters(source).length).toBeGreaterThan(0);
    expect(filters(next)).toEqual(filters(source));
    expect(filters(alone)).not.toEqual(filters(source));
  });

  test("does not need it from its first checkpoint on, and is then the same as one left alone", async () => {
    const whole = await runTrial(from(pretrained));
    const controller = new AbortController();
    let steps = 0;
    const { runDir } = await runTrial(from(pretrained), {
      signal: controller.signal,
      onEvent: (event) => event.type === "step" && ++steps === 3 && controller.abort(),
    });
    const away = `${pretrained} away`;
    renameSync(pretrained, away);
    try {
      await resumeTrial(runDir);
      // To begin anew it must be there.
      await expect(runTrial(readSettings({}, configJson.pathIn(runDir)))).rejects.toThrow(
        "no such run folder",
      );
    } finally {
      renameSync(away, pretrained);
    }
    expect(weightsOf(runDir)).toEqual(weightsOf(whole.runDir));
  });

  test("of other weights than its config tells is refused", async () => {
    const { runDir } = await runTrial(from(pretrained, { epochs: 1 }));
    const other = await runPretraining(denoising({ epochs: 1 }));
    const config = configJson.read(runDir);
    const moved = { ...config, from: { ...config.from!, run: other.runDir } };
    await expect(runTrial(moved)).rejects.toThrow("must be the weights that the config tells, of SHA-256");
  });

  test("another classifier gives all but its logits, whatever its classes", async () => {
    const three = join(root, "three");
    await paintPhotos(three, 20);
    mkdirSync(join(three, "more"));
    for (const file of readdirSync(join(three, "red"))) {
      copyFileSync(join(three, "red", file), join(three, "more", file));
    }
    const before = await runTrial(settingsFor({ data: three, epochs: 1 }));
    const told: string[] = [];
    await runTrial(from(before.runDir, { epochs: 1 }), {
      onEvent: (event) => event.type === "message" && told.push(event.text),
    });
    expect(told.join("\n")).toContain("(a classifier, epoch 1): 10 of 12 tensors; fresh: classes.weight");
    expect(openRun(before.runDir).dataset.classes).toHaveLength(3);
  });

  test.each([
    ["no such run", () => join(root, "none"), {}, "no such run folder"],
    [
      "another network",
      () => pretrained,
      { model: "resnet9", imageSize: 28, cacheSize: 32 },
      "must be a run of the network resnet9, got",
    ],
  ])("%s is one line", async (_, run, told, line) => {
    const runs = readdirSync(join(root, "runs")).length;
    await expect(runTrial(from(run(), told as Partial<SettingsInput>))).rejects.toThrow(line);
    expect(readdirSync(join(root, "runs"))).toHaveLength(runs);
  });

  test("damaged weights are one line", async () => {
    const copy = join(root, "damaged");
    mkdirSync(copy);
    for (const file of ["config.json", "dataset.json", "metrics.jsonl", "network.json"]) {
      copyFileSync(join(pretrained, file), join(copy, file));
    }
    const bytes = readFileSync(join(pretrained, "last.safetensors"));
    bytes[bytes.length - 9]! ^= 1;
    writeFileSync(join(copy, "last.safetensors"), bytes);
    await expect(runTrial(from(copy))).rejects.toThrow("is damaged, its checksum does not fit its content");
  });
});

test("what knows classes refuses a pretraining in one line", async () => {
  const line = `${pretrained}: must be the run of a classifier, got a pretraining (denoise)`;
  await expect(openClassifier(pretrained)).rejects.toThrow(line);
  await expect(runTrial(denoising())).rejects.toThrow(
    "objective: must be classify for a classifier, got denoise",
  );
});
