import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { paint } from "../../test/helpers/data.ts";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { smallTrial } from "../../test/helpers/small-trial.ts";
import { formatVersion } from "../config/config.ts";
import { writeReport } from "../report/html.ts";
import { loadCheckpoint, saveCheckpoint } from "../run-folder/checkpoint.ts";
import { configJson, failureJson, openRun } from "../run-folder/index.ts";
import { tensor } from "../tensor.ts";
import { shellWord } from "../text.ts";
import type { Evaluation } from "../train/evaluation.ts";
import type { TestRecord } from "../train/events.ts";
import { exportRun, openClassifier } from "./classifier.ts";
import type { RunEvent } from "./events.ts";
import { checkOtherEpochs } from "./other-epochs.ts";
import { resumeTrial, runTrial, type TrialResult } from "./trial.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-trial-"));
const data = join(root, "photos");
const never = new AbortController().signal;

const settings = smallTrial(root, {
  split: { validation: 8, test: 12 },
  augment: { cutout: { like: "imgaug:size=0.3,cval=[51,102]" } },
});

function run(
  signal = never,
  onEvent: (event: RunEvent) => void = () => {},
  loaderWorkers = 0,
): Promise<TrialResult> {
  return runTrial({ ...settings, loaderWorkers }, { signal, onEvent });
}

const read = (runDir: string, file: string) => readFileSync(join(runDir, file), "utf8");

const grey6 = (index: number) => [40 * index, 40 * index, 40 * index] as const;

/** metrics.jsonl without what a clock says, and the checksums over that. */
const metricsOf = (runDir: string) =>
  read(runDir, "metrics.jsonl").replace(/"(imagesPerSecond|seconds|checksum)":[^,}]*/g, '"$1":0');

const evaluationOf = (runDir: string) => ({
  file: statSync(join(runDir, "evaluation.json")).ino,
  text: read(runDir, "evaluation.json"),
  pictures: readdirSync(join(runDir, "images")).length,
});

let first: TrialResult;
/** The evaluation at the moment when the run counts as finished. */
let atTest: ReturnType<typeof evaluationOf>;
beforeAll(async () => {
  await paintPhotos(data, 26);
  writeFileSync(join(data, "red", "empty.png"), "");
  let runDir = "";
  first = await runTrial(settings, {
    signal: never,
    onEvent: (event) => {
      if (event.type === "folder") runDir = event.path;
      if (event.type === "test") atTest = evaluationOf(runDir);
    },
  });
});
afterAll(() => rmSync(root, { recursive: true }));

describe("a run folder", () => {
  test("holds everything there is to know", () => {
    expect(first.status).toBe("finished");
    const files = readdirSync(first.runDir).sort();
    expect(files).toEqual(
      [
        "augmented.png",
        "best.safetensors",
        "config.json",
        "confusion.svg",
        "dataset.json",
        "environment.json",
        "evaluation.json",
        "images",
        "last.safetensors",
        "learning-curves.svg",
        "metrics.jsonl",
        "model.onnx",
        "report.html",
      ].sort(),
    );
    expect(JSON.parse(read(first.runDir, "dataset.json"))).toMatchObject({
      count: 52,
      split: { train: 32, validation: 8, test: 12 },
      broken: [{ name: "red/empty.png", reason: "empty file (0 bytes)" }],
    });
    expect(read(first.runDir, "metrics.jsonl").trimEnd().split("\n").length).toBe(3);
  });

  test("learns what can be learnt", () => expect(first.test!.top1).toBeGreaterThanOrEqual(10 / 12));

  test("has its evaluation written once, and the pictures before it", () => {
    // A file that is written again is another one on the disk.
    expect(atTest).toEqual(evaluationOf(first.runDir));
  });

  test("keeps pictures of test images, named by the evaluation", async () => {
    const evaluation = JSON.parse(read(first.runDir, "evaluation.json")) as Evaluation;
    const pictures = evaluation.predictions.flatMap(({ name, picture }) =>
      picture === null ? [] : [{ name, picture }],
    );
    expect(pictures.length).toBeGreaterThan(0);
    expect(readdirSync(join(first.runDir, "images")).length).toBe(pictures.length);
    for (const { name, picture } of pictures) {
      const shown = await sharp(join(first.runDir, picture)).removeAlpha().raw().toBuffer();
      const original = await sharp(join(data, name)).removeAlpha().raw().toBuffer();
      expect(Math.sign(balance(shown)), name).toBe(Math.sign(balance(original)));
    }
  });
});

/** Red minus blue, over a whole image: tells the classes apart. */
function balance(pixels: Uint8Array): number {
  return pixels.reduce((sum, value, at) => sum + (at % 3 === 0 ? value : at % 3 === 2 ? -value : 0), 0);
}

describe("the same run", () => {
  test("gives the same metrics with other threads, also when it was interrupted and gone on with", async () => {
    const again = await run(never, () => {}, 2);
    expect(again.runDir).not.toBe(first.runDir);
    expect(metricsOf(again.runDir)).toBe(metricsOf(first.runDir));

    const controller = new AbortController();
    const stop = (event: RunEvent) => {
      if (event.type === "step" && event.epoch === 2 && event.stepInEpoch === 2)
        controller.abort(new Error("stop"));
    };
    const cut = await run(controller.signal, stop, 1);
    const report = join(cut.runDir, "report.html");
    expect(cut).toMatchObject({ status: "interrupted", test: null, report });
    expect(read(cut.runDir, "report.html")).toContain("There is no test result yet.");
    expect(existsSync(join(cut.runDir, "best.safetensors"))).toBe(true);
    const told: unknown[] = [];
    const early = await openClassifier(cut.runDir, { onEvent: (event) => told.push(event) });
    expect(told).toEqual([
      {
        type: "message",
        text: `the run is not finished (1 of 2 epochs): its best epoch so far, 1, is used; to go on with it: cutout train --resume ${shellWord(cut.runDir)}`,
      },
    ]);
    expect(await early.evaluateTest()).toMatchObject({ epoch: 1, score: { count: 12 } });
    await early.close();
    expect(exportRun(cut.runDir).length).toBeGreaterThan(1e6);
    // As if an error had ended it: it holds until the run is gone on with.
    failureJson.write(cut.runDir, { reason: "no room left", at: "2026-01-02T03:04:05.678Z" });
    expect(readFileSync(await writeReport(cut.runDir), "utf8")).toContain(
      "ended by an error after epoch 1 of 2: no room left",
    );
    const resumed = await resumeTrial(cut.runDir, { signal: never, onEvent: () => {} });
    expect(resumed).toMatchObject({ status: "finished", runDir: cut.runDir });
    expect(existsSync(join(cut.runDir, "failure.json"))).toBe(false);
    expect(read(cut.runDir, "report.html")).not.toContain("ended by an error");
    expect(metricsOf(cut.runDir)).toBe(metricsOf(first.runDir));
    // As bytes: read as text, different floats could look alike.
    const weights = (runDir: string) => readFileSync(join(runDir, "best.safetensors"));
    expect(weights(cut.runDir).equals(weights(first.runDir))).toBe(true);
  });

  test("ends early at an epoch's end only where it keeps the last one", async () => {
    const controller = new AbortController();
    const cut = await run(controller.signal, (event) => {
      if (event.type === "step" && event.epoch === 2 && event.stepInEpoch === 2) controller.abort();
    });
    const metrics = metricsOf(cut.runDir);
    await expect(resumeTrial(cut.runDir, { epochs: 1 })).rejects.toThrow(
      "epochs: must be at least 2, because the run keeps its last epoch and stands within that one (2 steps), got 1; its best epoch so far can be used as it is",
    );
    expect([metricsOf(cut.runDir), JSON.parse(read(cut.runDir, "config.json")).epochs]).toEqual([metrics, 2]);
    const config = configJson.read(cut.runDir);
    configJson.write(cut.runDir, { ...config, keep: "best" });
    expect(await resumeTrial(cut.runDir, { epochs: 1 })).toMatchObject({ status: "finished", keptEpoch: 1 });
  });

  test("takes another length only where the epochs that are averaged are still to come", async () => {
    const controller = new AbortController();
    const cut = await run(controller.signal, (event) => {
      if (event.type === "step" && event.epoch === 2 && event.stepInEpoch === 2) controller.abort();
    });
    const config = configJson.read(cut.runDir);
    configJson.write(cut.runDir, { ...config, average: { name: "last", share: 1 } });
    await expect(resumeTrial(cut.runDir, { epochs: 3 })).rejects.toThrow(
      "epochs: must be so many that those of --average last:share=1 begin after the 1 epoch that the run has done, got 3, where they begin with epoch 1; to go on as it was planned, leave --epochs out",
    );
    configJson.write(cut.runDir, { ...config, average: { name: "last", share: 0.5 } });
    checkOtherEpochs("train", openRun(cut.runDir), 4);
  });

  test("as a run of format version 4 is gone on with as it began, and keeps its best epoch", async () => {
    const controller = new AbortController();
    const cut = await run(controller.signal, (event) => {
      if (event.type === "step" && event.epoch === 2) controller.abort();
    });
    const path = join(cut.runDir, "config.json");
    const { keep, checksum, ...config } = JSON.parse(read(cut.runDir, "config.json"));
    expect(keep).toBe("last");
    writeFileSync(path, JSON.stringify({ ...config, formatVersion: 4 }));
    const resumed = await resumeTrial(cut.runDir);
    const best = (loadCheckpoint(join(cut.runDir, "best.safetensors")).position as { epoch: number }).epoch;
    expect(resumed).toMatchObject({ status: "finished", keptEpoch: best });
    const epochs = (runDir: string) => metricsOf(runDir).split("\n").slice(0, 2);
    expect(epochs(cut.runDir)).toEqual(epochs(first.runDir));
    expect(exportRun(cut.runDir)).toEqual(exportRun(cut.runDir, { weights: "best" }));
  });

  test("without validation has one file of weights, which is used; no epoch is its best", async () => {
    const split = { ...settings.split, validation: 0 };
    const controller = new AbortController();
    const { runDir } = await runTrial(
      { ...settings, split },
      {
        signal: controller.signal,
        onEvent: (event) => event.type === "epoch" && controller.abort(),
      },
    );
    const told: string[] = [];
    exportRun(runDir, { onEvent: ({ text }) => told.push(text) });
    expect(told).toEqual([expect.stringContaining("its state after 1 epoch is used")]);
    expect(await resumeTrial(runDir)).toMatchObject({ status: "finished", keptEpoch: 2 });
    expect(existsSync(join(runDir, "best.safetensors"))).toBe(false);
    expect(Buffer.from(exportRun(runDir)).equals(readFileSync(join(runDir, "model.onnx")))).toBe(true);
    expect(() => exportRun(runDir, { weights: "best" })).toThrow(
      "the run has no validation part, so no epoch is the best one; use its last state: --weights last, which is its default",
    );
    // As an earlier version kept the last epoch.
    const { state } = loadCheckpoint(join(runDir, "last.safetensors"));
    saveCheckpoint(join(runDir, "best.safetensors"), state, { epoch: 1, validation: null });
    told.length = 0;
    exportRun(runDir, { weights: "best", onEvent: ({ text }) => told.push(text) });
    expect(told).toEqual([
      expect.stringContaining("epoch 1 is used, which an earlier version of cutout kept"),
    ]);
  });

  test("is not gone on with when the images have changed", async () => {
    const controller = new AbortController();
    const cut = await run(controller.signal, (event) => {
      if (event.type === "step") controller.abort(new Error("stop"));
    });
    await paint(join(data, "red", "new.png"), [200, 0, 0], 32);
    try {
      const resumed = resumeTrial(cut.runDir, { signal: never, onEvent: () => {} });
      await expect(resumed).rejects.toThrow(
        "the images must be those the run began with, but some have changed",
      );
    } finally {
      rmSync(join(data, "red", "new.png"));
    }
  });
});

test("a run whose images have been moved goes on when told where they are, and only with the same ones", async () => {
  const [before, after] = [join(root, "before"), join(root, "after")];
  await paintPhotos(before, 26);
  const controller = new AbortController();
  const { runDir } = await runTrial({ ...settings, data: before } as typeof settings, {
    signal: controller.signal,
    onEvent: ({ type }) => type === "step" && controller.abort(new Error("stop")),
  });
  renameSync(before, after);
  const goOn = (data?: string) => resumeTrial(runDir, { signal: never, onEvent: () => {}, data });
  await expect(goOn()).rejects.toThrow(
    `${before}: the images of the run are no longer there; put them back, or say where they are now: cutout train FOLDER --resume ${shellWord(runDir)}`,
  );
  const others = join(root, "others");
  await paintPhotos(others, 25);
  await expect(goOn(others)).rejects.toThrow(`${others}: the images must be those the run began with`);
  expect(JSON.parse(read(runDir, "config.json")).data).toBe(before);

  expect(await goOn(after)).toMatchObject({ status: "finished" });
  expect(metricsOf(runDir)).toBe(metricsOf(first.runDir));
  expect(JSON.parse(read(runDir, "config.json"))).toMatchObject({ formatVersion, data: after });
  const classifier = await openClassifier(runDir);
  expect((await classifier.evaluateTest()).score.count).toBe(12);
  await classifier.close();
});

test("a finished run with the checkpoint of another network keeps its test result and its settings", async () => {
  const copy = join(root, "exchanged");
  cpSync(first.runDir, copy, { recursive: true });
  const last = loadCheckpoint(join(copy, "last.safetensors"));
  const parameters = new Map([["of.another", tensor("float32", [1], Float32Array.of(0))]]);
  const state = { ...last.state, parameters };
  saveCheckpoint(join(copy, "last.safetensors"), state, last.position);
  const before = [evaluationOf(copy).text, read(copy, "config.json"), read(copy, "metrics.jsonl")];
  await expect(resumeTrial(copy, { epochs: 3 })).rejects.toThrow(join(copy, "last.safetensors"));
  expect([evaluationOf(copy).text, read(copy, "config.json"), read(copy, "metrics.jsonl")]).toEqual(before);
});

test("a groups file that divides the images in another way is told, not scored", async () => {
  const groups = join(root, "groups.csv");
  const write = (numbers: number[]) =>
    writeFileSync(groups, `${numbers.map((number) => `red/${number}.png`).join(",")}\n`);
  write([0, 1]);
  const changed = { ...settings, epochs: 1, split: { ...settings.split, groups } } as typeof settings;
  const { runDir } = await runTrial(changed, { signal: never, onEvent: () => {} });
  const classifier = await openClassifier(runDir);
  try {
    expect((await classifier.evaluateTest()).score.count).toBe(12);
    write([2, 3, 4, 5, 6, 7]);
    const told = `${groups}: the groups file must divide the images as when the run began, but it has changed`;
    await expect(classifier.evaluateTest()).rejects.toThrow(told);
    await expect(resumeTrial(runDir, { signal: never, onEvent: () => {} })).rejects.toThrow(told);
  } finally {
    await classifier.close();
  }
});

describe("a finished run put to use", () => {
  test("scores its test part as it did when it ended", async () => {
    const classifier = await openClassifier(first.runDir);
    const { score } = await classifier.evaluateTest();
    const record = JSON.parse(
      read(first.runDir, "metrics.jsonl").trimEnd().split("\n").at(-1)!,
    ) as TestRecord;
    expect(score.top1).toBe(record.test.top1);
    expect(score.loss).toBeCloseTo(record.test.loss, 5);
    await classifier.close();
  });

  test("gives the answers of its exported model, file by file, and reasons for broken images", async () => {
    const classifier = await openClassifier(first.runDir);
    const files = ["blue/0.png", "red/empty.png", "red/0.png", "red/nowhere.png"].map((name) =>
      join(data, name),
    );
    const answers = [];
    for await (const answer of classifier.classify(files)) answers.push(answer);
    await classifier.close();
    expect(answers.map(({ file }) => file)).toEqual(files);
    expect(answers[1]).toMatchObject({ reason: "empty file (0 bytes)" });
    expect(answers[3]).toMatchObject({ reason: expect.stringContaining("ENOENT") });

    // What a stranger would do with model.onnx: decode to 32 x 32, cut out the centre 28 x 28, scale to 0..1.
    const model = await ort.InferenceSession.create(join(first.runDir, "model.onnx"));
    for (const index of [0, 2]) {
      const pixels = await sharp(files[index]!)
        .removeAlpha()
        .extract({ left: 2, top: 2, width: 28, height: 28 })
        .raw()
        .toBuffer();
      const plane = 28 * 28;
      const images = Float32Array.from(
        { length: 3 * plane },
        (_, at) => pixels[(at % plane) * 3 + Math.floor(at / plane)]! / 255,
      );
      const { probabilities } = await model.run({
        images: new ort.Tensor("float32", images, [1, 3, 28, 28]),
      });
      const answer = answers[index]!;
      if ("reason" in answer) throw new Error(answer.reason);
      for (const { name, probability } of answer.classes) {
        const label = classifier.classes.indexOf(name);
        expect(Math.abs(probability - Number(probabilities!.data[label]))).toBeLessThan(1e-4);
      }
    }
    await model.release();
    expect(Buffer.compare(exportRun(first.runDir), readFileSync(join(first.runDir, "model.onnx")))).toBe(0);
  });

  test("takes other data whose classes it knows, in whatever order, and refuses others", async () => {
    const classifier = await openClassifier(first.runDir);
    const other = join(root, "other");
    await paintPhotos(other, 3);
    writeFileSync(join(other, "red", "half.png"), readFileSync(join(other, "red", "0.png")).subarray(0, 90));
    // One file of seven is more than the tenth of a training's that may be broken.
    const { score, confusion, broken } = await classifier.evaluateData(other, { crops: "ten" });
    expect(score.count).toBe(6);
    expect(broken).toEqual([{ name: "red/half.png", reason: "truncated or damaged" }]);
    expect(confusion.map((row) => row[0]! + row[1]!)).toEqual([3, 3]);
    await paint(join(other, "azure", "0.png"), [0, 100, 200], 32);
    await expect(classifier.evaluateData(other)).rejects.toThrow(
      "classes must be among those of the run (blue, red), got azure",
    );
    await classifier.close();
  });
});

test("grey photos are scored by a network of colour photos as predict sees them, and broken ones are listed", async () => {
  const grey = join(root, "grey");
  for (const name of ["blue", "red"]) {
    for (let index = 0; index < 6; index++) await paint(join(grey, name, `${index}.png`), grey6(index), 32);
  }
  writeFileSync(join(grey, "red", "empty.png"), "");
  const classifier = await openClassifier(first.runDir);
  const { predictions, broken } = await classifier.evaluateData(grey);
  expect(broken).toEqual([{ name: "red/empty.png", reason: "empty file (0 bytes)" }]);
  const files = predictions.map(({ name }) => join(grey, name));
  let at = 0;
  for await (const answer of classifier.classify(files)) {
    if ("reason" in answer) throw new Error(answer.reason);
    const { predicted, confidence } = predictions[at++]!;
    expect(answer.classes[0]!.name).toBe(classifier.classes[predicted]);
    expect(answer.classes[0]!.probability).toBeCloseTo(confidence, 5);
  }
  expect(at).toBe(12);
  await classifier.close();
});

test("what the settings say of training reaches it", async () => {
  const told = { crops: "ten", earlyStopping: { patience: 3 }, classWeights: "balanced" } as const;
  /** The loss of the first step, and what a resumed run must have the same. */
  const start = async (changes: object) => {
    const controller = new AbortController();
    let loss = Number.NaN;
    const { runDir } = await runTrial({ ...settings, ...changes } as typeof settings, {
      signal: controller.signal,
      onEvent(event) {
        if (event.type !== "step") return;
        loss = event.loss;
        controller.abort(new Error("stop"));
      },
    });
    const { identity } = loadCheckpoint(join(runDir, "last.safetensors")).position as { identity: object };
    return { loss, identity };
  };
  const usual = await start({});
  const other = await start({ ...told, labelSmoothing: 0.5 });
  expect(usual.identity).toMatchObject({ crops: "center", earlyStopping: null, classWeights: null });
  expect(other.identity).toMatchObject({ ...told, classWeights: [1, 1] });
  expect(other.loss).not.toBeCloseTo(usual.loss, 4);
});

test("an existing folder is refused before any image is decoded", async () => {
  const runDir = first.runDir;
  const unread = () => {
    throw new Error("decoded");
  };
  const again = runTrial(settings, { runDir, onEvent: unread });
  await expect(again).rejects.toThrow(`--out: ${runDir} exists already and is not overwritten`);
});
