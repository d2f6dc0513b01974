// Data filtering: what is chosen against a naive sort, what the large network learns, and exact resume.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { metricsOf, smallRun } from "../../test/helpers/small-run.ts";
import { batchNorm, conv, flatten, globalAvgPool, linear, relu, sequential } from "../nn/layers/index.ts";
import { network } from "../nn/network.ts";
import { loadCheckpoint } from "../run-folder/checkpoint.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { hardest, lossesOf, picked, splitFilter, withFilter } from "./data-filter.ts";
import type { DirectSession } from "./network-session.ts";
import { classify } from "./objectives/classify.ts";
import { createTrainingSession } from "./step.ts";
import { train } from "./trainer.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-filter-"));
let runs = 0;
const newRunDir = () => join(folder, `run ${runs++}`);
afterAll(() => rmSync(folder, { recursive: true }));

test("losses are cross-entropies, and the highest of them are kept in the order of the batch", () => {
  const anyCase = fc.integer({ min: 2, max: 5 }).chain((classes) =>
    fc.array(
      fc.record({
        label: fc.nat(classes - 1),
        logits: fc.array(fc.integer({ min: -60, max: 60 }), { minLength: classes, maxLength: classes }),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  );
  fc.assert(
    fc.property(anyCase, fc.nat(11), (images, share) => {
      const count = images.length;
      const kept = 1 + (share % count);
      const targets = images.flatMap(({ label, logits }) => logits.map((_, at) => (at === label ? 1 : 0)));
      const logits = Float32Array.from(images.flatMap((image) => image.logits));
      const losses = lossesOf(logits, Float32Array.from(targets), count);
      images.forEach((image, index) => {
        const sum = image.logits.reduce((total, logit) => total + Math.exp(logit), 0);
        expect(losses[index]).toBeCloseTo(Math.log(sum) - image.logits[image.label]!, 6);
      });
      const places = hardest(losses, kept);
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      expect(places).toHaveLength(kept);
      const least = Math.min(...places.map((place) => losses[place]!));
      losses.forEach((loss, place) => {
        if (!places.includes(place)) expect(loss).toBeLessThanOrEqual(least);
      });
    }),
  );
});

const layers = (width: number) =>
  sequential(
    conv("conv", width, 3, 1, 1),
    batchNorm("norm"),
    relu,
    globalAvgPool,
    { kind: "dropout", probability: 0.1 },
    flatten,
    linear("linear", 6),
  );
const input = { height: 6, width: 6, channels: 1 };
const [large, small] = [8, 2].map((width) => network(`width ${width}`, input, 6, layers(width)));
const open = (of: typeof large, batchSize: number, average = false) =>
  createTrainingSession({
    network: of!,
    batchSize,
    objective: classify({ labelSmoothing: 0, classWeights: null }),
    optimizer: { name: "sgd", momentum: 0.9, nesterov: true, weightDecay: 1e-3, decayBiasAndNorm: false },
    seed: 3,
    average,
    imageSizes: [{ height: 4, width: 4 }],
    runtime: nodeRuntime({ threads: 1 }),
  });

const options = {
  filter: { model: { name: "width 2", options: {} }, keep: 0.4 },
  average: { name: "last", share: 0.75 },
  progressive: { initialScale: 0.6, delayFraction: 0.5, finetuneFraction: 0.5, sizeIncrement: 2 },
  mix: { name: "mixup", options: { alpha: 1 } },
} as const;

type Changes = Parameters<typeof smallRun>[1];

async function run(
  runDir: string,
  changes: Changes,
  watch: (of: DirectSession) => DirectSession,
  watchSmall: (of: DirectSession) => DirectSession = asItIs,
) {
  const [session, chooser] = [await open(large, 3, true), await open(small, 3)];
  const filter = { network: small!, session: watchSmall(chooser) };
  const args = { ...smallRun(runDir, changes, options), filter, session: watch(session) };
  return train(args).finally(async () => {
    await session.close();
    await chooser.close();
  });
}
const asItIs = (session: DirectSession) => session;

test("both networks learn the same images: the small one does not learn what it has not chosen", async () => {
  const learnt: Float32Array[][] = [[], []];
  const noting =
    (which: 0 | 1) =>
    (of: DirectSession): DirectSession => ({
      ...of,
      step(images, targets, hyper, giveBack) {
        learnt[which]!.push(images.slice(), targets.slice());
        return of.step(images, targets, hyper, giveBack);
      },
    });
  await run(newRunDir(), {}, noting(0), noting(1));
  expect(learnt[0]!.length).toBeGreaterThan(10);
  expect(learnt[0]).toEqual(learnt[1]);
});

test("three of eight are learnt, the hardest; a run that is gone on with ends as one left alone, bit for bit", {
  timeout: 300_000,
}, async () => {
  const alone = newRunDir();
  const lengths = new Set<string>();
  const watch = (session: DirectSession): DirectSession => ({
    ...session,
    step(images, targets, hyper, giveBack) {
      lengths.add(`${images.length} ${targets.length}`);
      return session.step(images, targets, hyper, giveBack);
    },
  });
  expect((await run(alone, {}, watch)).status).toBe("finished");
  expect([...lengths]).toEqual([`${3 * 36} ${3 * 6}`]);
  const { state } = loadCheckpoint(join(alone, "last.safetensors"));
  expect(state.parameters.get("conv.weight")!.shape).toEqual([8, 1, 3, 3]);
  const { filter } = splitFilter(state);
  expect(filter.parameters.get("conv.weight")!.shape).toEqual([2, 1, 3, 3]);
  expect(filter.optimizer.size).toBeGreaterThan(0);
  for (const line of metricsOf(alone)) {
    if (line.type !== "epoch") continue;
    // Of the 36 images that were learnt.
    const { top1 } = line.train!;
    expect(top1 * 36).toBeCloseTo(Math.round(top1 * 36), 9);
  }
  for (const stop of [7, 30]) {
    const runDir = newRunDir();
    const controller = new AbortController();
    const onEvent: NonNullable<Changes>["onEvent"] = (event) => {
      if (event.type === "step" && (event.epoch - 1) * 12 + event.stepInEpoch === stop) controller.abort();
    };
    const first = await run(runDir, { signal: controller.signal, onEvent }, asItIs);
    expect(first.status).toBe("interrupted");
    expect((await run(runDir, { resume: true }, asItIs)).status).toBe("finished");
    expect(metricsOf(runDir)).toEqual(metricsOf(alone));
    expect(
      readFileSync(join(runDir, "best.safetensors")).equals(readFileSync(join(alone, "best.safetensors"))),
    ).toBe(true);
    expect(loadCheckpoint(join(runDir, "last.safetensors"))).toEqual(
      loadCheckpoint(join(alone, "last.safetensors")),
    );
  }
});

test("pictures, labels and state keep to their images", async () => {
  const images = Float32Array.from({ length: 8 }, (_, at) => at);
  const labels = Float32Array.from({ length: 12 }, (_, at) => at);
  expect(picked({ images, labels, count: 4 }, [1, 3])).toEqual({
    images: Float32Array.of(2, 3, 6, 7),
    labels: Float32Array.of(3, 4, 5, 9, 10, 11),
    count: 2,
  });
  const [session, chooser] = [await open(large, 3), await open(small, 8)];
  const both = withFilter(session.state(), chooser.state());
  expect(splitFilter(both)).toEqual({ state: session.state(), filter: chooser.state() });
  expect(() => splitFilter(session.state())).toThrow("checkpoint: must hold the small network of the filter");
  await session.close();
  await chooser.close();
});

test("what does not fit is refused", async () => {
  const [session, chooser] = [await open(large, 8), await open(small, 8)];
  const filter = { network: small!, session: chooser };
  const begin = (more: object, own: object = {}) =>
    train({ ...smallRun(newRunDir(), {}, own), session, ...more });
  await expect(begin({ filter })).rejects.toThrow(/a filter must have its network/);
  await expect(begin({}, { filter: options.filter })).rejects.toThrow(
    /a filter must have its network, got none/,
  );
  await expect(begin({ filter }, { filter: options.filter })).rejects.toThrow(
    /fewer images than the 8 of a batch must be kept, got 8/,
  );
  await session.close();
  await chooser.close();
});
