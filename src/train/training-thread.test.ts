// A session in a thread of its own against one in this thread: the same bits, memory that moves, ends of all kinds.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/helpers/data.ts";
import { CutoutError } from "../error.ts";
import { batchNorm, flatten, linear, sequential } from "../nn/layers/index.ts";
import { network } from "../nn/network.ts";
import { stream } from "../rng.ts";
import { nodeRuntime } from "../runtime/node.ts";
import type { TrainingSession, TrainingState } from "./network-session.ts";
import { classify } from "./objectives/classify.ts";
import { createTrainingSession } from "./step.ts";
import { openTrainingThread } from "./training-thread.ts";

const batchSize = 6;
const input = { height: 8, width: 8, channels: 3 };
const numbers = batchSize * 3 * 64;
const layer = sequential(
  batchNorm("norm"),
  flatten,
  { kind: "dropout", probability: 0.2 },
  linear("linear", 4),
);
const options = {
  network: network("small", input, 4, layer),
  batchSize,
  optimizer: { momentum: 0.9, nesterov: true, weightDecay: 1e-3, decayBiasAndNorm: false },
  objective: classify({ labelSmoothing: 0.1, classWeights: null }),
  seed: 3,
};
const directSession = () => createTrainingSession({ ...options, runtime: nodeRuntime({ threads: 1 }) });

const rng = stream(1, "session thread");
const batches = Array.from({ length: 4 }, () => Float32Array.from({ length: numbers }, () => rng.normal()));
const targets = new Float32Array(batchSize * 4);
for (let image = 0; image < batchSize; image++) targets[image * 4 + (image % 4)] = 1;

const open: TrainingSession[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((session) => session.close()));
});

async function threaded(): Promise<TrainingSession> {
  const session = await openTrainingThread({ ...options, threads: 1 });
  open.push(session);
  return session;
}

const plain = (state: TrainingState) =>
  Object.values(state).map((group: TrainingState["parameters"]) =>
    [...group].map(([name, { data }]) => [name, [...data]]),
  );

/** Everything that a session says in a short life. */
async function live(session: TrainingSession) {
  const steps = [];
  for (const [seed, images] of batches.entries()) {
    const { loss, output } = await session.step(images, targets, { learningRate: 0.1, seed });
    steps.push([loss, [...output]]);
  }
  const state = await session.state();
  const prediction = [...(await session.predict(batches[0]!, 4))];
  await session.step(batches[1]!, targets, { learningRate: 0.1, seed: 9 });
  const later = plain(await session.state());
  await session.load(state);
  return { steps, state: plain(state), prediction, later, loaded: plain(await session.state()) };
}

describe("a session in a thread", () => {
  it("gives the same bits as one in this thread", async () => {
    const direct = await directSession();
    open.push(direct);
    const expected = await live(direct);
    expect(expected.loaded).toEqual(expected.state);
    expect(expected.later).not.toEqual(expected.state);
    const session = await threaded();
    expect({ batchSize: session.batchSize, outputSize: session.outputSize }).toEqual({
      batchSize,
      outputSize: 4,
    });
    expect(await live(session)).toEqual(expected);
  });

  it("moves images that are given away and gives their memory back; copies those that are kept", async () => {
    const session = await threaded();
    const kept = batches[0]!.slice();
    await session.step(kept, targets, { learningRate: 0.1, seed: 1 });
    expect(kept).toEqual(batches[0]);

    for (const use of [
      (images: Float32Array, back: (images: Float32Array) => void) =>
        session.step(images, targets, { learningRate: 0.1, seed: 1 }, back),
      (images: Float32Array, back: (images: Float32Array) => void) =>
        session.predict(images, batchSize, back),
    ]) {
      // A batch may fill a part of its memory only.
      const given = new Float32Array(new ArrayBuffer(4 * numbers + 64), 0, numbers);
      given.set(batches[1]!);
      const returned: Float32Array[] = [];
      const done = use(given, (images) => returned.push(images));
      expect(given.length).toBe(0);
      await done;
      expect(returned).toEqual([batches[1]]);
      expect(returned[0]!.buffer.byteLength).toBe(4 * numbers + 64);
    }
  });

  it("lets this thread go on while it works", async () => {
    /** How often the event loop of this thread turns during a step. */
    const turnsIn = async (session: TrainingSession, seed: number) => {
      let working = true;
      const step = session.step(batches[0]!, targets, { learningRate: 0.1, seed }).finally(() => {
        working = false;
      });
      let turns = 0;
      for (; working; turns++) await new Promise<void>((resolve) => setImmediate(resolve));
      await step;
      return turns;
    };
    const direct = await directSession();
    open.push(direct);
    expect(await turnsIn(direct, 0)).toBeLessThan(10);
    // A step as short as these may be over before this thread has its next turn, but not each of so many.
    const session = await threaded();
    let most = 0;
    for (let seed = 0; seed < 500 && most < 100; seed++) most = Math.max(most, await turnsIn(session, seed));
    expect(most).toBeGreaterThanOrEqual(100);
  });

  it("answers in the order of the calls, and closes after the last", async () => {
    const session = await threaded();
    const states = [];
    for (const [seed, images] of batches.entries()) {
      void session.step(images, targets, { learningRate: 0.1, seed });
      states.push(session.state());
    }
    await session.close();
    const direct = await directSession();
    open.push(direct);
    for (const [seed, images] of batches.entries()) {
      await direct.step(images, targets, { learningRate: 0.1, seed });
      expect(plain(await states[seed]!)).toEqual(plain(direct.state()));
    }
    await session.close();
    await expect(session.state()).rejects.toThrow(
      "training: the network's thread must run until it is closed",
    );
  });
});

describe("errors", () => {
  it("of a session that cannot be made are those of this thread", async () => {
    await expect(
      openTrainingThread({ ...options, threads: 1, optimizer: { ...options.optimizer, momentum: 2 } }),
    ).rejects.toThrow(/^sgd: momentum must be in \[0, 1\), got 2$/);
  });

  it("of a call are thrown to the caller, with the images given back, and the session goes on", async () => {
    const session = await threaded();
    const returned: Float32Array[] = [];
    const few = new Float32Array(5);
    await expect(session.predict(few, 2, (images) => returned.push(images))).rejects.toThrow(
      `predict: 2 images must have ${2 * 192} numbers, got 5`,
    );
    expect(returned).toEqual([new Float32Array(5)]);
    const wrong = { parameters: new Map(), buffers: new Map(), optimizer: new Map() };
    const error = await (async () => session.load(wrong))().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CutoutError);
    expect((error as CutoutError).message).toBe(
      "checkpoint: parameter norm.weight must be [3] for small, got nothing",
    );
    expect((error as CutoutError).fields()).toMatchObject({
      option: "parameter norm.weight",
      got: "nothing",
    });
    expect((await session.predict(batches[0]!, 1)).length).toBe(4);
  });
});

it("a process that exits in the middle of a step does so with its own code, in silence and without a trace", () => {
  const child = fileURLToPath(new URL("../../test/helpers/exit-in-step.ts", import.meta.url));
  const command = ["--import", import.meta.resolve("tsx"), child];
  const home = temporaryFolder();
  // Where there is a sign of a test or of CI, ONNX Runtime leaves no trace anyway.
  const env = { PATH: process.env.PATH, TMPDIR: tmpdir(), HOME: home };
  const { status, signal, stderr } = spawnSync(process.execPath, command, { encoding: "utf8", env });
  expect({ status, signal, stderr }).toEqual({ status: 5, signal: null, stderr: "" });
  expect(readdirSync(home)).toEqual([]);
});
