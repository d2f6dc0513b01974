// Training on images of several sizes: the same steps as on images made smaller before, one graph at a time, exact resume.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { metricsOf, smallRun } from "../../test/helpers/small-run.ts";
import { batchNorm, conv, flatten, globalAvgPool, linear, relu, sequential } from "../nn/layers/index.ts";
import { network } from "../nn/network.ts";
import { resized } from "../nn/resized.ts";
import { stream } from "../rng.ts";
import { loadCheckpoint } from "../run-folder/checkpoint.ts";
import { nodeRuntime } from "../runtime/node.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { DirectSession } from "./network-session.ts";
import { classify } from "./objectives/classify.ts";
import { createTrainingSession, type SessionOptions } from "./step.ts";
import { train } from "./trainer.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-sizes-"));
let runs = 0;
const newRunDir = () => join(folder, `run ${runs++}`);
afterAll(() => rmSync(folder, { recursive: true }));

const runtime = nodeRuntime({ threads: 1 });
const layer = sequential(
  conv("conv", 5, 3, 1, 1),
  batchNorm("norm"),
  relu,
  globalAvgPool,
  { kind: "dropout", probability: 0.1 },
  flatten,
  linear("linear", 6),
);
const small = network("small", { height: 6, width: 6, channels: 1 }, 6, layer);
const progressive = { initialScale: 0.5, delayFraction: 0.25, finetuneFraction: 0.25, sizeIncrement: 1 };
/** Epochs 1, 2, 3 and 4. */
const sides = [3, 3, 5, 6];
const square = (side: number) => ({ height: side, width: side });

const options: SessionOptions = {
  network: small,
  batchSize: 8,
  objective: classify({ labelSmoothing: 0, classWeights: null }),
  optimizer: { name: "sgd", momentum: 0.9, nesterov: true, weightDecay: 1e-3, decayBiasAndNorm: false },
  seed: 3,
  runtime,
};

/** A runtime that tells how many training steps are compiled at a time. */
function watched(of: Runtime): { readonly runtime: Runtime; readonly open: () => number; most(): number } {
  let [open, most] = [0, 0];
  return {
    runtime: {
      ...of,
      async compile(graph) {
        const executable = await of.compile(graph);
        if (!graph.inputs.has("targets")) return executable;
        most = Math.max(most, ++open);
        return {
          ...executable,
          async close() {
            open--;
            await executable.close();
          },
        };
      },
    },
    open: () => open,
    most: () => most,
  };
}

describe.each([1, 2])("a step in parts: %d", (accumulate) => {
  test("is that of the network on images made smaller before", async () => {
    const { runtime: counting, open, most } = watched(runtime);
    const sizes = [square(2), square(3)];
    const session = await createTrainingSession({
      ...options,
      accumulate,
      imageSizes: sizes,
      runtime: counting,
    });
    expect(open()).toBe(0);
    const rng = stream(1, "images");
    const targets = new Float32Array(8 * 6);
    for (let image = 0; image < 8; image++) targets[image * 6 + (image % 6)] = 1;
    for (const side of [3, 2, 6]) {
      const images = Float32Array.from({ length: 8 * 36 }, () => rng.normal());
      const factor = 6 / side;
      const averaged = new Float32Array(8 * side * side);
      images.forEach((value, at) => {
        const [image, y, x] = [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6];
        const to = (image * side + Math.floor(y / factor)) * side + Math.floor(x / factor);
        averaged[to] = averaged[to]! + value / factor ** 2;
      });
      const alone = await createTrainingSession({
        ...options,
        accumulate,
        network: resized(small, square(side)),
      });
      alone.load(session.state());
      const hyper = { learningRate: 0.1, seed: 5 };
      const expected = await alone.step(averaged, targets, hyper);
      const found = await session.step(images, targets, { ...hyper, size: square(side) });
      expect(found.loss).toBeCloseTo(expected.loss, 5);
      const [now, then] = [session.state(), alone.state()];
      for (const part of ["parameters", "buffers", "optimizer"] as const) {
        for (const [name, { data }] of then[part]) {
          const own = now[part].get(name)!.data;
          data.forEach((value, index) => {
            expect(own[index], `${name} at ${side}`).toBeCloseTo(value, 5);
          });
        }
      }
      await alone.close();
      expect([open(), most()]).toEqual([1, 1]);
    }
    await session.close();
    expect(open()).toBe(0);
  });
});

async function run(runDir: string, changes: Parameters<typeof smallRun>[1] = {}, seen: number[] = []) {
  const session = await createTrainingSession({ ...options, imageSizes: [3, 4, 5].map(square) });
  const watching: DirectSession = {
    ...session,
    step(images, targets, hyper, giveBack) {
      seen.push(hyper.size!.height);
      return session.step(images, targets, hyper, giveBack);
    },
  };
  const args = { ...smallRun(runDir, changes, { progressive }), session: watching };
  return train(args).finally(() => session.close());
}

it("each epoch has its size, which is told; interrupted in any of them a run ends as one left alone, bit for bit", {
  timeout: 120_000,
}, async () => {
  const alone = newRunDir();
  const [seen, texts]: [number[], string[]] = [[], []];
  const onEvent: NonNullable<Parameters<typeof smallRun>[1]>["onEvent"] = (event) => {
    if (event.type === "message") texts.push(event.text);
  };
  await run(alone, { onEvent }, seen);
  expect(seen).toEqual(sides.flatMap((side) => Array(12).fill(side)));
  expect(texts).toEqual([
    "from epoch 1 on images of 3 x 3 pixels",
    "from epoch 3 on images of 5 x 5 pixels",
    "from epoch 4 on images of 6 x 6 pixels",
  ]);
  for (const stop of [12, 30, 41]) {
    const runDir = newRunDir();
    const controller = new AbortController();
    const [first, rest]: [number[], number[]] = [[], []];
    const stopping: NonNullable<Parameters<typeof smallRun>[1]>["onEvent"] = (event) => {
      if (event.type === "step" && (event.epoch - 1) * 12 + event.stepInEpoch === stop) controller.abort();
    };
    expect((await run(runDir, { signal: controller.signal, onEvent: stopping }, first)).status).toBe(
      "interrupted",
    );
    expect((await run(runDir, { resume: true }, rest)).status).toBe("finished");
    expect([...first, ...rest]).toEqual(seen);
    expect(metricsOf(runDir)).toEqual(metricsOf(alone));
    for (const name of ["best.safetensors", "evaluation.json"]) {
      expect(readFileSync(join(runDir, name)).equals(readFileSync(join(alone, name))), name).toBe(true);
    }
    expect(loadCheckpoint(join(runDir, "last.safetensors"))).toEqual(
      loadCheckpoint(join(alone, "last.safetensors")),
    );
  }
});

test("a run is not gone on with in other sizes, and targeted Cutout is refused", async () => {
  const runDir = newRunDir();
  await run(runDir, { signal: AbortSignal.abort() });
  const session = await createTrainingSession(options);
  const goOn = (more: Parameters<typeof smallRun>[2]) =>
    train({ ...smallRun(runDir, { resume: true }, more), session });
  await expect(goOn({})).rejects.toThrow(/progressive was \{.*\}, is undefined/);
  await expect(goOn({ progressive: { ...progressive, delayFraction: 0 } })).rejects.toThrow(
    /progressive was/,
  );
  const targeted = { name: "relu", height: 6, width: 6 };
  await expect(goOn({ progressive, targeted })).rejects.toThrow(/targeted Cutout keeps maps of one size/);
  await expect(goOn({ progressive: { ...progressive, initialScale: 2 } })).rejects.toThrow(
    /initialScale must be above 0 and below 1, got 2/,
  );
  await session.close();
});
