// The training loop with a real little model: what it writes, what it chooses, when it stops.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { failingAt } from "../../test/helpers/failing-disk.ts";
import { memoryStorage } from "../../test/helpers/memory-storage.ts";
import { atStep, contentOf, metricsOf, smallOptions, smallRun } from "../../test/helpers/small-run.ts";
import { evaluationViews } from "../augment/index.ts";
import { stream } from "../rng.ts";
import { loadCheckpoint } from "../run-folder/checkpoint.ts";
import { evaluate } from "./evaluate.ts";
import type { Evaluation } from "./evaluation.ts";
import type { EpochRecord, TestRecord, TrainingEvent } from "./events.ts";
import type { TrainingSession } from "./network-session.ts";
import { classScoring } from "./objectives/classify.ts";
import { train } from "./trainer.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-trainer-"));
afterAll(() => rmSync(folder, { recursive: true }));
let runs = 0;
const newRunDir = () => join(folder, `run ${runs++}`);

describe("a whole run", async () => {
  const runDir = newRunDir();
  const events: TrainingEvent[] = [];
  const args = smallRun(runDir, { onEvent: (event) => events.push(event) });
  const result = await train(args);
  const records = events.flatMap((event): EpochRecord[] => {
    if (event.type !== "epoch") return [];
    const { last, ...record } = event;
    return [record];
  });

  test("learns, and writes a line an epoch, the test and the files", () => {
    expect(result.status).toBe("finished");
    expect(result.epochs).toBe(4);
    expect(readdirSync(runDir).sort()).toEqual([
      "best.safetensors",
      "evaluation.json",
      "last.safetensors",
      "metrics.jsonl",
    ]);
    const lines = readFileSync(join(runDir, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines.map(contentOf)).toEqual([...records, events.find(({ type }) => type === "test")]);
    expect(records.map((record) => [record.epoch, record.step])).toEqual([
      [1, 12],
      [2, 24],
      [3, 36],
      [4, 48],
    ]);
    expect(records[3]!.train.loss).toBeLessThan(records[0]!.train.loss);
    expect(result.evaluation!.score.top1).toBeGreaterThan(2 / 6);
    for (const record of records) {
      expect(record.seconds).toBeGreaterThan(0);
      expect(record.imagesPerSecond).toBeGreaterThan(0);
    }
  });

  test("step events count up, with running means that end as the epoch's", () => {
    const steps = events.filter((event) => event.type === "step");
    expect(steps).toHaveLength(48);
    steps.forEach((event, index) => {
      expect([event.epoch, event.stepInEpoch]).toEqual([1 + Math.floor(index / 12), 1 + (index % 12)]);
      expect(event.secondsLeft).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(event.secondsLeft)).toBe(true);
    });
    expect({ loss: steps[23]!.loss, top1: steps[23]!.top1 }).toEqual(records[1]!.train);
    expect(steps[23]!.learningRate).toBe(records[1]!.learningRate);
    expect(Math.max(...steps.map((event) => event.learningRate))).toBeLessThanOrEqual(0.05);
  });

  test("the test is made with the best epoch, and evaluation.json agrees with it", async () => {
    const best = loadCheckpoint(join(runDir, "best.safetensors"));
    const bestRecord = records.filter((record) => record.best).at(-1)!;
    expect(best.position).toEqual({ epoch: result.best!.epoch, validation: bestRecord.validation });
    expect(bestRecord.epoch).toBe(result.best!.epoch);
    expect(best.state.optimizer.size).toBe(0);
    const fresh = smallRun(newRunDir());
    fresh.session.load({ ...best.state, optimizer: fresh.session.state().optimizer });
    const { dataset, split, pipeline, loader, session } = fresh;
    const shared = { predictor: session, dataset, pipeline, loader, crops: "center", batchSize: 7 } as const;
    const scoreOf = async (indices: Int32Array) =>
      (await evaluate({ ...shared, scoring: classScoring(dataset, indices), indices })).score();
    const score = await scoreOf(split.test);
    const evaluation = contentOf(readFileSync(join(runDir, "evaluation.json"), "utf8")) as Evaluation;
    expect(evaluation).toEqual(JSON.parse(JSON.stringify(result.evaluation)));
    expect(score).toEqual(evaluation.score);
    expect((events.at(-1) as TestRecord).test).toEqual(score);
    expect(await scoreOf(split.validation)).toEqual(bestRecord.validation);
  });

  test("the same seed again gives the same metrics, bit for bit; another seed does not", async () => {
    const [same, other] = [newRunDir(), newRunDir()];
    await train(smallRun(same));
    await train(smallRun(other, {}, { seed: 8 }));
    expect(metricsOf(same)).toEqual(metricsOf(runDir));
    expect(readFileSync(join(same, "best.safetensors"))).toEqual(
      readFileSync(join(runDir, "best.safetensors")),
    );
    expect(metricsOf(other)).not.toEqual(metricsOf(runDir));
  });
});

test("each step has its own dropout seed, from the run's seed and the step's number", async () => {
  const args = smallRun(newRunDir());
  const seeds: number[] = [];
  await train({ ...args, session: watched(args.session, ({ seed }) => seeds.push(seed)) });
  expect(seeds).toEqual(Array.from({ length: 48 }, (_, step) => stream(7, "dropout", step).seed()));
});

test("an epoch's training score is the mean over what its steps gave", async () => {
  const args = smallRun(newRunDir(), {}, { epochs: 2 });
  const losses: number[] = [];
  const hits: number[] = [];
  const session: TrainingSession = {
    ...args.session,
    async step(images, targets, hyper) {
      const result = await args.session.step(images, targets, hyper);
      losses.push(result.loss);
      for (let image = 0; image < 8; image++) {
        const row = result.output.subarray(image * 6, image * 6 + 6);
        const wanted = targets.subarray(image * 6, image * 6 + 6);
        hits.push(row.indexOf(Math.max(...row)) === wanted.indexOf(1) ? 1 : 0);
      }
      return result;
    },
  };
  await train({ ...args, session });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const records = metricsOf(args.runDir).slice(0, 2) as EpochRecord[];
  records.forEach(({ train: { loss, top1 } }, epoch) => {
    expect(loss).toBeCloseTo(mean(losses.slice(epoch * 12, epoch * 12 + 12)), 12);
    expect(top1).toBeCloseTo(mean(hits.slice(epoch * 96, epoch * 96 + 96)), 12);
  });
  expect(losses).toHaveLength(24);
});

test("ten crops are used for validation and test", async () => {
  const runDir = newRunDir();
  const args = smallRun(runDir, {}, { crops: "ten", epochs: 1 });
  let predicted = 0;
  const session: TrainingSession = {
    ...args.session,
    predict(images, count) {
      predicted += count;
      return args.session.predict(images, count);
    },
  };
  const result = await train({ ...args, session });
  const views = evaluationViews("ten", args.dataset, args.pipeline.output).length;
  expect(views).toBeGreaterThan(1);
  expect(predicted).toBe(views * (args.split.validation.length + args.split.test.length));
  expect(result.evaluation!.crops).toBe("ten");
  expect((metricsOf(runDir)[1] as TestRecord).crops).toBe("ten");
});

/** Sets what validation gives in each epoch, by logits that favour the right or the next class. */
function staged(
  scores: readonly { readonly right: number; readonly margin: number }[],
  args = smallRun(newRunDir()),
) {
  let evaluation = 0;
  let image = 0;
  const { dataset, split } = args;
  const session: TrainingSession = {
    ...args.session,
    async predict(_images, count) {
      const { right, margin } = scores[evaluation] ?? { right: 0, margin: 1 };
      const logits = new Float32Array(count * 6);
      for (let row = 0; row < count; row++, image++) {
        const label = dataset.labels[split.validation[image]!]!;
        logits[row * 6 + (image < right ? label : (label + 1) % 6)] = margin;
      }
      if (image >= split.validation.length) {
        evaluation++;
        image = 0;
      }
      return logits;
    },
  };
  return { ...args, session };
}

describe("the best epoch", () => {
  test("has the highest top-1; among equals the lower loss, then the earlier", async () => {
    const args = staged([
      { right: 10, margin: 1 },
      { right: 20, margin: 3 },
      { right: 20, margin: 2 },
      { right: 20, margin: 2 },
    ]);
    // Half right: the loss log(e^m + 5) - m / 2 is lower for the margin 2 than for 3.
    const result = await train(args);
    expect(result.best!.epoch).toBe(3);
    expect(result.best).toMatchObject({ epoch: 3, top1: 0.5 });
    const records = metricsOf(args.runDir).slice(0, 4) as EpochRecord[];
    expect(records.map((record) => record.best)).toEqual([true, true, true, false]);
  });
});

describe("early stopping", () => {
  const scores = [10, 20, 15, 15, 30, 5, 5].map((right) => ({ right, margin: 1 }));
  test.each([
    [1, 3, 2],
    [2, 4, 2],
    [3, 7, 5],
  ])("patience %i ends after epoch %i, best %i", async (patience, epochs, best) => {
    const last: boolean[] = [];
    const onEvent = (event: TrainingEvent) => event.type === "epoch" && last.push(event.last);
    const args = smallRun(newRunDir(), { onEvent }, { epochs: 7, earlyStopping: { patience } });
    const result = await train(staged(scores, args));
    expect(last).toEqual(Array.from({ length: epochs }, (_, index) => index === epochs - 1));
    expect([result.epochs, result.best!.epoch, result.stoppedEarly]).toEqual([epochs, best, epochs < 7]);
    expect(metricsOf(args.runDir)).toHaveLength(epochs + 1);
  });
  test("a run that has stopped does not go on when it is resumed", async () => {
    const args = smallRun(newRunDir(), {}, { epochs: 7, earlyStopping: { patience: 1 } });
    await train(staged(scores, args));
    const before = metricsOf(args.runDir);
    const again = smallRun(args.runDir, { resume: true }, { epochs: 7, earlyStopping: { patience: 1 } });
    const result = await train(staged([], again));
    expect([result.epochs, result.stoppedEarly]).toEqual([3, true]);
    expect(metricsOf(args.runDir).slice(0, 3)).toEqual(before.slice(0, 3));
  });
});

test("a plateau schedule follows validation", async () => {
  const plateau = { factor: 0.1, patience: 1, threshold: 1e-4, floor: 0, epsilon: 1e-8, warmupEpochs: 0 };
  const args = smallRun(
    newRunDir(),
    {},
    { epochs: 6, schedule: { kind: "plateau", learningRate: 0.1, ...plateau } },
  );
  await train(
    staged(
      [10, 10, 10, 10, 10, 20].map((right) => ({ right, margin: 1 })),
      args,
    ),
  );
  const rates = (metricsOf(args.runDir).slice(0, 6) as EpochRecord[]).map((record) => record.learningRate);
  const expected = [0.1, 0.1, 0.1, 0.01, 0.01, 0.001];
  rates.forEach((rate, index) => {
    expect(rate).toBeCloseTo(expected[index]!, 12);
  });
});

describe("a loss that is no longer finite", () => {
  test.each([
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
  ])("%s stops the run and keeps the checkpoints of before", async (name, loss) => {
    const args = smallRun(newRunDir(), { checkpointSeconds: Number.POSITIVE_INFINITY });
    let step = 0;
    let kept: Buffer[] = [];
    const read = () => ["best", "last"].map((file) => readFileSync(join(args.runDir, `${file}.safetensors`)));
    const session: TrainingSession = {
      ...args.session,
      async step(...rest) {
        const result = await args.session.step(...rest);
        if (++step < 17) return result;
        kept = read();
        return { ...result, loss };
      },
    };
    await expect(train({ ...args, session })).rejects.toThrow(
      new RegExp(
        `training: the loss must be a finite number, got ${name}, at step 5 of 12 in epoch 2, learning rate 0\\.0\\d+; lower --learning-rate .*best\\.safetensors and .*last\\.safetensors$`,
      ),
    );
    expect(read()).toEqual(kept);
    expect(metricsOf(args.runDir)).toHaveLength(1);
  });

  test("a learning rate that is far too high", async () => {
    const schedule = { kind: "constant", learningRate: 1e39, warmupEpochs: 0 } as const;
    const args = smallRun(newRunDir(), { checkpointSeconds: 0 }, { schedule });
    // In the first epoch there is no best one yet.
    await expect(train(args)).rejects.toThrow(
      /in epoch 1, learning rate 1e\+39; lower --learning-rate .* Kept from before: (?!.*best).*last\.safetensors$/,
    );
    const { state } = loadCheckpoint(join(args.runDir, "last.safetensors"));
    for (const { data } of state.parameters.values()) expect(data.every(Number.isFinite)).toBe(true);
  });

  test("weights that are NaN while the loss was still finite are not saved", async () => {
    const args = smallRun(newRunDir(), { checkpointSeconds: 0 });
    let bad = false;
    const session: TrainingSession = {
      ...args.session,
      state() {
        const state = args.session.state();
        if (bad) state.parameters.get("linear.bias")!.data[2] = Number.NaN;
        return state;
      },
    };
    const onEvent = atStep((count) => {
      bad = count === 3;
    });
    await expect(train({ ...args, session, onEvent })).rejects.toThrow(
      /linear.bias must hold finite numbers, got NaN, at step 3 of 12 in epoch 1/,
    );
    expect(loadCheckpoint(join(args.runDir, "last.safetensors")).position).toMatchObject({ stepInEpoch: 2 });
  });
});

describe("a run that is kept elsewhere", () => {
  test("in memory it gives the same records, checkpoints and evaluation as in a folder", async () => {
    const runDir = newRunDir();
    const storage = memoryStorage();
    const inFolder = await train(smallRun(runDir));
    expect(await train(smallRun("", { storage }))).toEqual(inFolder);
    expect(storage.records.map(({ ...record }) => record)).toMatchObject(metricsOf(runDir));
    expect(JSON.stringify(storage.evaluations)).toBe(
      JSON.stringify([contentOf(readFileSync(join(runDir, "evaluation.json"), "utf8"))]),
    );
    const { state, position } = loadCheckpoint(join(runDir, "best.safetensors"));
    expect(await storage.readCheckpoint("best")).toMatchObject({ state, position });
  });

  test("the evaluation is written once, after everything else and before the test's record", async () => {
    const storage = memoryStorage();
    const { best } = await train(smallRun("", { storage }, { epochs: 1 }));
    expect(best!.epoch).toBe(1);
    expect(storage.writes).toEqual(["last", "best", "epoch", "last", "evaluation", "test"]);
  });

  test.each(["writeEvaluation", "appendRecord"] as const)(
    "that ends at %s in the test goes on and ends as one left alone",
    async (name) => {
      const [alone, storage] = [memoryStorage(), memoryStorage()];
      await train(smallRun("", { storage: alone }));
      let left = name === "appendRecord" ? 4 : 0;
      const failing = {
        ...storage,
        async [name](value: never) {
          if (left-- <= 0) throw new Error("killed");
          await storage[name](value);
        },
      };
      await expect(train(smallRun("", { storage: failing }))).rejects.toThrow("killed");
      expect(storage.records).toHaveLength(4);
      await train(smallRun("", { storage, resume: true }));
      const timeless = (records: typeof alone.records) =>
        records.map((record) => ({ ...record, seconds: 0, imagesPerSecond: 0 }));
      expect(timeless(storage.records)).toEqual(timeless(alone.records));
      expect(storage.evaluations.at(-1)).toEqual(alone.evaluations.at(-1));
    },
  );
});

describe("a full disk", () => {
  test("before the first step", async () => {
    const args = smallRun(newRunDir(), { calls: failingAt(1, "ENOSPC") });
    await expect(train(args)).rejects.toThrow(/last\.safetensors: could not be written, the disk is full/);
    expect(readdirSync(args.runDir)).toEqual([]);
  });

  test("at any write: one clear error, and with space again the run ends as one left alone", async () => {
    const alone = newRunDir();
    let count = 0;
    await train(smallRun(alone, { calls: failingAt(-1, "", () => count++) }, { epochs: 2 }));
    expect(count).toBeGreaterThan(60);
    for (let place = 3; place < count; place += 7) {
      const runDir = newRunDir();
      const failed = await train(
        smallRun(runDir, { calls: failingAt(place, "ENOSPC") }, { epochs: 2 }),
      ).catch((error: Error) => error);
      if (failed instanceof Error) expect(failed.message).toMatch(/could not be written, the disk is full/);
      for (const name of ["best", "last"]) {
        const path = join(runDir, `${name}.safetensors`);
        if (existsSync(path)) loadCheckpoint(path);
      }
      await train(smallRun(runDir, { resume: true }, { epochs: 2 }));
      expect(metricsOf(runDir)).toEqual(metricsOf(alone));
    }
  });
});

describe("checked before training", () => {
  const cases: readonly (readonly [string, () => ReturnType<typeof smallRun>, RegExp])[] = [
    [
      "batch larger than the data",
      () => smallRun(newRunDir(), {}, { batchSize: 101 }),
      /batch size must be at most the 100 training images, got 101; lower --batch-size/,
    ],
    ["no epochs", () => smallRun(newRunDir(), {}, { epochs: 0 }), /epochs must be an integer >= 1, got 0/],
    [
      "patience",
      () => smallRun(newRunDir(), {}, { earlyStopping: { patience: 0.5 } }),
      /early stopping's patience must be an integer >= 1, got 0.5/,
    ],
    [
      "too few class weights",
      () => smallRun(newRunDir(), {}, { classWeights: [1, 2] }),
      /class weights: there must be one for each of the 6 classes, got 2/,
    ],
    [
      "learning rate",
      () => smallRun(newRunDir(), {}, { schedule: { kind: "constant", learningRate: -1, warmupEpochs: 0 } }),
      /schedule constant: learningRate must be a number > 0, got -1/,
    ],
    [
      "a session of another batch size",
      () => ({ ...smallRun(newRunDir()), options: { ...smallOptions, batchSize: 9 } }),
      /session must be built for batches of 9 and 6 numbers an image, got 8 and 6/,
    ],
  ];
  test.each(cases)("%s", async (_name, make, message) => {
    const args = make();
    await expect(train(args)).rejects.toThrow(message);
    expect(existsSync(args.runDir)).toBe(false);
  });

  test("a folder that holds a run is not overwritten", async () => {
    const runDir = newRunDir();
    await train(smallRun(runDir, {}, { epochs: 1 }));
    const before = metricsOf(runDir);
    await expect(train(smallRun(runDir))).rejects.toThrow(/must not hold an earlier run; add --resume/);
    expect(metricsOf(runDir)).toEqual(before);
  });
});

test("an empty test part is told and left out", async () => {
  const messages: string[] = [];
  const args = smallRun(
    newRunDir(),
    { onEvent: (event) => event.type === "message" && messages.push(event.text) },
    { epochs: 1 },
  );
  const result = await train({ ...args, split: { ...args.split, test: new Int32Array(0) } });
  expect([result.status, result.evaluation]).toEqual(["finished", null]);
  expect(messages).toEqual(["the test part is empty: nothing to evaluate"]);
});

describe("the last epoch kept", () => {
  /** Best after the second of 4 epochs. */
  const scores = [10, 30, 20, 15, 12].map((right) => ({ right, margin: 1 }));

  test("is the one that is tested; the best on validation is there too, and what is learnt is the same", async () => {
    const [last, best] = (["last", "best"] as const).map((keep) => smallRun(newRunDir(), {}, { keep })) as [
      ReturnType<typeof smallRun>,
      ReturnType<typeof smallRun>,
    ];
    const results = [await train(staged(scores, last)), await train(staged(scores, best))];
    expect(results.map(({ evaluation }) => evaluation!.epoch)).toEqual([4, 2]);
    expect(results.map((result) => result.best!.epoch)).toEqual([2, 2]);
    for (const name of ["best", "last"]) {
      const [own, other] = [last, best].map(({ runDir }) =>
        loadCheckpoint(join(runDir, `${name}.safetensors`)),
      );
      expect(own).toEqual(other);
    }
    expect(metricsOf(last.runDir).slice(0, 4)).toEqual(metricsOf(best.runDir).slice(0, 4));
    expect(metricsOf(last.runDir).at(-1)).toMatchObject({ type: "test", epoch: 4 });
  });

  test("its weights are those of last.safetensors, also when the test is made again", async () => {
    const runDir = newRunDir();
    const { evaluation } = await train(smallRun(runDir, {}, { keep: "last" }));
    const again = await train(smallRun(runDir, { resume: true }, { keep: "last" }));
    expect(again.evaluation).toEqual(evaluation);
    const args = smallRun(newRunDir());
    const { session, split, dataset, pipeline, loader } = args;
    const { state } = loadCheckpoint(join(runDir, "last.safetensors"));
    session.load(state);
    const scoring = classScoring(dataset, split.test);
    const shared = { dataset, pipeline, loader, crops: "center", batchSize: 8 } as const;
    await evaluate({ ...shared, predictor: session, scoring, indices: split.test });
    expect(scoring.score()).toEqual(evaluation!.score);
  });

  test("the middle of an epoch is not tested as its end", async () => {
    const runDir = newRunDir();
    const controller = new AbortController();
    const onEvent = atStep((count) => count === 17 && controller.abort());
    await train(smallRun(runDir, { signal: controller.signal, onEvent }, { keep: "last" }));
    const shorter = smallRun(runDir, { resume: true }, { keep: "last", epochs: 1 });
    await expect(train(shorter)).rejects.toThrow(
      "the weights to be kept must be those of an epoch's end, got those of step 5 in epoch 2; let that epoch end, too",
    );
    expect(metricsOf(runDir)).toHaveLength(1);
  });
});

describe("without a validation part", () => {
  const unvalidated = (...told: Parameters<typeof smallRun>) => {
    const [folder, changes, options] = told;
    const args = smallRun(folder, changes, { keep: "last", ...options });
    return { ...args, split: { ...args.split, validation: new Int32Array(0) } };
  };

  test("the last epoch is kept and tested, and the weights are those of a run with one", async () => {
    const runDir = newRunDir();
    const phases: string[] = [];
    const onEvent = (event: TrainingEvent) => event.type === "phase" && phases.push(event.phase);
    const result = await train(unvalidated(runDir, { onEvent }));
    expect(result).toMatchObject({ status: "finished", best: null, evaluation: { epoch: 4 } });
    expect(phases).not.toContain("validate");
    const records = metricsOf(runDir);
    expect(records.slice(0, 4)).toMatchObject(
      [1, 2, 3, 4].map((epoch) => ({ epoch, validation: null, best: false })),
    );
    expect(records[4]).toMatchObject({ type: "test", epoch: 4 });
    expect(existsSync(join(runDir, "best.safetensors"))).toBe(false);
    const validated = newRunDir();
    await train(smallRun(validated));
    const [own, other] = [runDir, validated].map(
      (dir) => loadCheckpoint(join(dir, "last.safetensors")).state,
    );
    expect(own).toEqual(other);
  });

  test("a resumed run has the metrics of one left alone", async () => {
    const [alone, resumed] = [newRunDir(), newRunDir()];
    await train(unvalidated(alone));
    const controller = new AbortController();
    await train(
      unvalidated(resumed, {
        signal: controller.signal,
        onEvent: atStep((count) => count === 17 && controller.abort()),
      }),
    );
    await train(unvalidated(resumed, { resume: true }));
    expect(metricsOf(resumed)).toEqual(metricsOf(alone));
  });

  test.each<[string, Parameters<typeof smallRun>[2]]>([
    ["keeping the best epoch", { keep: "best" }],
    ["early stopping", { earlyStopping: { patience: 2 } }],
    [
      "the schedule plateau",
      {
        schedule: {
          kind: "plateau",
          learningRate: 0.1,
          factor: 0.1,
          patience: 1,
          threshold: 0,
          floor: 0,
          epsilon: 0,
          warmupEpochs: 0,
        },
      },
    ],
  ])("%s is refused", async (name, options) => {
    await expect(train(unvalidated(newRunDir(), {}, options))).rejects.toThrow(
      `training: ${name} must have a validation part to go by, got none; leave it out, or give --validation`,
    );
  });
});

test("class weights reach the session's targets", async () => {
  const classWeights = [1, 2, 3, 4, 5, 6];
  const args = smallRun(newRunDir(), {}, { classWeights, epochs: 1 });
  let checked = 0;
  const session: TrainingSession = {
    ...args.session,
    async step(images, targets, hyper) {
      const labels = Array.from({ length: 8 }, (_, image) =>
        targets.subarray(image * 6, image * 6 + 6).findIndex((share) => share > 0),
      );
      const total = labels.reduce((sum, label) => sum + classWeights[label]!, 0);
      labels.forEach((label, image) => {
        expect(targets[image * 6 + label]).toBeCloseTo((classWeights[label]! * 8) / total, 5);
        checked++;
      });
      return args.session.step(images, targets, hyper);
    },
  };
  await train({ ...args, session });
  expect(checked).toBe(96);
});

test("a checkpoint of another version is refused with the way out", async () => {
  const runDir = newRunDir();
  await train(smallRun(runDir, {}, { epochs: 1 }));
  const path = join(runDir, "last.safetensors");
  const bytes = readFileSync(path).toString("latin1").replace('"cutout.version":"2"', '"cutout.version":"9"');
  writeFileSync(path, bytes, "latin1");
  await expect(train(smallRun(runDir, { resume: true }, { epochs: 1 }))).rejects.toThrow(
    /of version 1 to 2, got version 9/,
  );
});

function watched(
  session: TrainingSession,
  onStep: (hyper: { readonly learningRate: number; readonly seed: number }) => void,
): TrainingSession {
  return {
    ...session,
    step(images, targets, hyper) {
      onStep(hyper);
      return session.step(images, targets, hyper);
    },
  };
}
