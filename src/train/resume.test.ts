// Exact resume: interrupted anywhere, or killed, a run ends with the same metrics and weights as one left alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { atStep, metricsOf, smallRun } from "../../test/helpers/small-run.ts";
import { loadCheckpoint, saveCheckpoint } from "../run-folder/checkpoint.ts";
import type { TrainingEvent } from "./events.ts";
import { train } from "./trainer.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-resume-"));
const alone = join(folder, "alone");
let runs = 0;
const newRunDir = () => join(folder, `run ${runs++}`);
beforeAll(async () => {
  await train(smallRun(alone));
});
afterAll(() => rmSync(folder, { recursive: true }));

function expectAsAlone(runDir: string): void {
  expect(metricsOf(runDir)).toEqual(metricsOf(alone));
  for (const name of ["best.safetensors", "evaluation.json"]) {
    expect(readFileSync(join(runDir, name)).equals(readFileSync(join(alone, name))), name).toBe(true);
  }
  const [last, expected] = [runDir, alone].map((each) => loadCheckpoint(join(each, "last.safetensors")));
  expect(last).toEqual(expected);
}

describe("interrupted", () => {
  test("at any steps, again and again", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
        async (pauses) => {
          const runDir = newRunDir();
          for (const [part, steps] of pauses.entries()) {
            const controller = new AbortController();
            const onEvent = atStep((count) => count === steps && controller.abort());
            const args = smallRun(runDir, { resume: part > 0, signal: controller.signal, onEvent });
            const { status } = await train(args);
            const done = pauses.slice(0, part + 1).reduce((sum, each) => sum + each, 0);
            expect(status).toBe(done <= 48 ? "interrupted" : "finished");
          }
          expect((await train(smallRun(runDir, { resume: true }))).status).toBe("finished");
          expectAsAlone(runDir);
        },
      ),
      { numRuns: 12 },
    );
  });

  test.each(["validate", "test"])("in the phase %s", async (phase) => {
    const runDir = newRunDir();
    const controller = new AbortController();
    const onEvent: Parameters<typeof smallRun>[1] = {
      signal: controller.signal,
      onEvent: (event) => event.type === "phase" && event.phase === phase && controller.abort(),
    };
    const result = await train(smallRun(runDir, onEvent));
    expect([result.status, result.epochs, result.evaluation]).toEqual([
      "interrupted",
      phase === "test" ? 4 : 0,
      null,
    ]);
    await train(smallRun(runDir, { resume: true }));
    expectAsAlone(runDir);
  });

  test("before the first step", async () => {
    const runDir = newRunDir();
    expect((await train(smallRun(runDir, { signal: AbortSignal.abort() }))).status).toBe("interrupted");
    await train(smallRun(runDir, { resume: true }));
    expectAsAlone(runDir);
  });

  test("a finished run stays as it is when it is resumed", async () => {
    const runDir = newRunDir();
    await train(smallRun(runDir));
    expect((await train(smallRun(runDir, { resume: true }))).status).toBe("finished");
    expectAsAlone(runDir);
  });
});

describe("killed", () => {
  const child = fileURLToPath(new URL("../../test/helpers/train-child.ts", import.meta.url));

  /** The run in a process of its own that ends with SIGKILL after `step`. */
  async function killedAt(step: string, runDir: string, checkpointSeconds: number): Promise<void> {
    const words = ["--import", "tsx", child, runDir, `${checkpointSeconds}`, step];
    const ended = once(spawn(process.execPath, words, { stdio: "inherit" }), "exit");
    expect(await ended).toEqual([null, "SIGKILL"]);
  }

  test.each([
    ["2.5", 1000, { epoch: 1, stepInEpoch: 0 }],
    ["3.9", 0.03, { epoch: 2 }],
  ])(
    "in the middle of an epoch, at step %s, checkpoints every %d seconds",
    async (step, seconds, position) => {
      const runDir = newRunDir();
      await killedAt(step, runDir, seconds);
      const saved = loadCheckpoint(join(runDir, "last.safetensors")).position as { stepInEpoch: number };
      expect(saved).toMatchObject(position);
      if (seconds < 1) expect(saved.stepInEpoch).toBeGreaterThan(0);
      await train(smallRun(runDir, { resume: true }));
      expectAsAlone(runDir);
    },
  );
});

describe("what is found in the folder", () => {
  /** A run interrupted in its third epoch. */
  async function interrupted(): Promise<string> {
    const runDir = newRunDir();
    const controller = new AbortController();
    const onEvent = atStep((count) => count === 30 && controller.abort());
    await train(smallRun(runDir, { signal: controller.signal, onEvent }));
    return runDir;
  }

  test.each([
    ["half a line", '{"type":"epo'],
    ["a later epoch", '{"type":"epoch","epoch":3}\n'],
    ["a later epoch and half a line", '{"type":"epoch","epoch":3}\n{"type"'],
    ["zeros", "\0\0\0\0"],
  ])("%s after the checkpoint is cut off", async (_name, text) => {
    const runDir = await interrupted();
    appendFileSync(join(runDir, "metrics.jsonl"), text);
    await train(smallRun(runDir, { resume: true }));
    expectAsAlone(runDir);
  });

  test("metrics that lack an epoch are told", async () => {
    const runDir = await interrupted();
    truncateSync(join(runDir, "metrics.jsonl"), 20);
    await expect(train(smallRun(runDir, { resume: true }))).rejects.toThrow(
      /metrics\.jsonl: line 1 must be the record of epoch 1, because last\.safetensors goes on after epoch 2/,
    );
  });

  test("metrics without a checkpoint are told, and kept", async () => {
    const runDir = await interrupted();
    const before = metricsOf(runDir);
    rmSync(join(runDir, "last.safetensors"));
    await expect(train(smallRun(runDir, { resume: true }))).rejects.toThrow(
      /last\.safetensors: is missing; best.safetensors is whole/,
    );
    expect(metricsOf(runDir)).toEqual(before);
  });

  test("a run that was begun before objectives had files goes on exactly", async () => {
    const runDir = newRunDir();
    cpSync(new URL("../../test/fixtures/interrupted-run", import.meta.url), runDir, { recursive: true });
    expect(loadCheckpoint(join(runDir, "last.safetensors")).position).toMatchObject({
      epoch: 2,
      stepInEpoch: 6,
      running: { correct: 22 },
      best: { epoch: 2, top1: 0.6 },
    });
    await train(smallRun(runDir, { resume: true }));
    expectAsAlone(runDir);
  });

  test("an empty folder is begun", async () => {
    const runDir = newRunDir();
    const messages: string[] = [];
    const onEvent: Parameters<typeof smallRun>[1] = {
      resume: true,
      onEvent: (event) => event.type === "message" && messages.push(event.text),
    };
    await train(smallRun(runDir, onEvent));
    expect(messages[0]).toMatch(/no checkpoint yet, starting from the beginning/);
    expectAsAlone(runDir);
  });

  test("best.safetensors of another epoch is told", async () => {
    const runDir = await interrupted();
    const path = join(runDir, "best.safetensors");
    await train(smallRun(runDir, { resume: true }));
    const { state, position } = loadCheckpoint(path);
    saveCheckpoint(path, state, { ...(position as object), epoch: 9 });
    await expect(train(smallRun(runDir, { resume: true }))).rejects.toThrow(
      /best\.safetensors: must be of epoch \d, .* got epoch 9/,
    );
  });

  test.each([
    [{ seed: 8 }, /seed was 7, is 8/],
    [{ crops: "ten" as const }, /crops was "center", is "ten"/],
    [{ classWeights: [1, 1, 1, 1, 1, 2] }, /classWeights was null, is \[1,1,1,1,1,2\]/],
    [{ batchSize: 4, seed: 1 }, /seed was 7, is 1; batchSize was 8, is 4/],
    [{ earlyStopping: { patience: 3 } }, /earlyStopping was null, is \{"patience":3\}/],
  ])("other settings are told: %j", async (options, message) => {
    const runDir = await interrupted();
    await expect(train(smallRun(runDir, { resume: true }, options))).rejects.toThrow(message);
  });

  test("another length is taken: longer, shorter, and of a finished run; the rate follows or not, as it is told", async () => {
    const constant = { kind: "constant", learningRate: 0.05, warmupEpochs: 0 } as const;
    const told = async (runDir: string, options: Parameters<typeof smallRun>[2]) => {
      const texts: string[] = [];
      const onEvent = (event: TrainingEvent) => event.type === "message" && texts.push(event.text);
      const { epochs, status } = await train(smallRun(runDir, { resume: true, onEvent }, options));
      return { epochs, status, text: texts[0] };
    };
    const rates = (runDir: string) =>
      metricsOf(runDir).flatMap((line) => ("step" in line ? [line.step] : []));

    const longer = await interrupted();
    expect(await told(longer, { epochs: 6 })).toMatchObject({
      epochs: 6,
      text: expect.stringMatching(
        /^6 epochs instead of 4; schedule one-cycle: the learning rate follows the new length/,
      ),
    });
    expect(rates(longer)).toEqual([12, 24, 36, 48, 60, 72]);
    // What it is now is the run: resumed without a word it stays so.
    expect(await told(longer, { epochs: 6 })).toMatchObject({
      epochs: 6,
      text: expect.stringMatching(/^resuming/),
    });
    expect(await told(await interrupted(), { epochs: 3 })).toMatchObject({ epochs: 3, status: "finished" });

    // Where the rate does not depend on the length, a run in two parts is the run in one.
    const [parts, whole] = [newRunDir(), newRunDir()];
    await train(smallRun(parts, {}, { epochs: 2, schedule: constant }));
    expect(await told(parts, { epochs: 5, schedule: constant })).toMatchObject({
      text: "5 epochs instead of 2; schedule constant: the learning rate goes on as before",
    });
    await train(smallRun(whole, {}, { epochs: 5, schedule: constant }));
    expect(metricsOf(parts)).toEqual(metricsOf(whole));
    expect(loadCheckpoint(join(parts, "last.safetensors"))).toEqual(
      loadCheckpoint(join(whole, "last.safetensors")),
    );
  });

  test("other data and another split are told", async () => {
    const runDir = await interrupted();
    const args = smallRun(runDir, { resume: true });
    const dataset = { ...args.dataset, fingerprint: "other" };
    const other = smallRun(runDir, { resume: true, dataset });
    await expect(train(other)).rejects.toThrow(/data was .*, is "other"/);
    const split = { ...args.split, train: args.split.train.toReversed() };
    await expect(train(smallRun(runDir, { resume: true, split }))).rejects.toThrow(
      /resume: .*; split was "\w{32}", is "\w{32}"/,
    );
  });

  test("a checkpoint without a position is told", async () => {
    const runDir = await interrupted();
    const path = join(runDir, "last.safetensors");
    const { state, position } = loadCheckpoint(path);
    saveCheckpoint(path, state, { ...(position as object), stepInEpoch: undefined });
    await expect(train(smallRun(runDir, { resume: true }))).rejects.toThrow(
      /last\.safetensors: not the checkpoint of a run that can be resumed, stepInEpoch/,
    );
  });
});
