// The update around the optimizers: exact resume with each, averages and their statistics, parts of a batch, bad options.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { metricsOf, smallOptions, smallRun } from "../../test/helpers/small-run.ts";
import { batchNorm, conv, flatten, globalAvgPool, linear, relu, sequential } from "../nn/layers/index.ts";
import { network } from "../nn/network.ts";
import { type AverageOptions, averageSharesAt } from "../optim/average.ts";
import type { MuonOptions } from "../optim/muon.ts";
import type { OptimizerOptions } from "../optim/optimizers.ts";
import { stream } from "../rng.ts";
import { loadCheckpoint } from "../run-folder/checkpoint.ts";
import { nodeRuntime } from "../runtime/node.ts";
import type { DirectSession } from "./network-session.ts";
import { classify } from "./objectives/classify.ts";
import { createTrainingSession, type SessionOptions } from "./step.ts";
import { train } from "./trainer.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-update-"));
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

const shared = { weightDecay: 1e-3, decayBiasAndNorm: false };
const sgd = { name: "sgd", momentum: 0.9, nesterov: true, ...shared } as const;
const adam = { betas: [0.9, 0.99], epsilon: 1e-8, ...shared } as const;
const muon: MuonOptions = {
  name: "muon",
  momentum: 0.9,
  nesterov: true,
  steps: 5,
  normalizeFilters: false,
  companion: "adamw",
  companionRate: 0.1,
  biasRate: null,
  companionMomentum: 0.9,
  ...shared,
};

interface Case extends Partial<Pick<SessionOptions, "clipNorm" | "lookahead" | "accumulate">> {
  readonly optimizer: OptimizerOptions;
  readonly averageOf?: AverageOptions;
}

const cases: Readonly<Record<string, Case>> = {
  "sgd, clipped": { optimizer: sgd, clipNorm: 0.5 },
  adam: { optimizer: { name: "adam", ...adam } },
  adamw: { optimizer: { name: "adamw", ...adam } },
  muon: { optimizer: muon },
  "muon with sgd, filters scaled": {
    optimizer: { ...muon, companion: "sgd", normalizeFilters: true } satisfies MuonOptions,
  },
  "lookahead on adamw": { optimizer: { name: "adamw", ...adam }, lookahead: { every: 5, alpha: 0.5 } },
  "four parts": { optimizer: sgd, accumulate: 4 },
  "exponential average": { optimizer: sgd, averageOf: { name: "ema", decay: 0.9 } },
  "average of the last three epochs": { optimizer: sgd, averageOf: { name: "last", share: 0.75 } },
  "all at once": {
    optimizer: { name: "adamw", ...adam },
    clipNorm: 1,
    accumulate: 2,
    lookahead: { every: 3, alpha: 0.8 },
    averageOf: { name: "last", share: 0.5 },
  },
};

const open = ({ averageOf, ...options }: Case): Promise<DirectSession> =>
  createTrainingSession({
    network: small,
    batchSize: smallOptions.batchSize,
    objective: classify({ labelSmoothing: 0, classWeights: null }),
    seed: 3,
    runtime,
    average: averageOf !== undefined,
    ...options,
  });

const trainOptions = ({ averageOf }: Case) => (averageOf === undefined ? {} : { average: averageOf });

async function run(
  example: Case,
  runDir: string,
  watch: (session: DirectSession) => DirectSession,
  resume = false,
  signal?: AbortSignal,
) {
  const session = await open(example);
  const changes = { resume, ...(signal && { signal }) };
  const args = { ...smallRun(runDir, changes, trainOptions(example)), session: watch(session) };
  const result = await train(args).finally(() => session.close());
  return result.status;
}

const asItIs = (session: DirectSession) => session;

/** Aborts at the n-th call. */
function stopping(
  session: DirectSession,
  what: "step" | "renew",
  calls: number,
  controller: AbortController,
): DirectSession {
  let count = 0;
  const counted =
    <A extends readonly unknown[], R>(work: (...args: A) => R) =>
    (...args: A): R => {
      if (++count === calls) controller.abort();
      return work(...args);
    };
  return { ...session, [what]: counted(session[what] as never) };
}

describe("a run that is gone on with ends as one left alone, bit for bit", () => {
  it.each(Object.entries(cases))("%s", { timeout: 120_000 }, async (_, example) => {
    const alone = newRunDir();
    expect(await run(example, alone, asItIs)).toBe("finished");
    const stops: ["step" | "renew", number][] = [["step", 17]];
    if (example.averageOf?.name === "last") stops.push(["renew", 5]);
    for (const [what, calls] of stops) {
      const runDir = newRunDir();
      const controller = new AbortController();
      const watch = (session: DirectSession) => stopping(session, what, calls, controller);
      expect(await run(example, runDir, watch, false, controller.signal)).toBe("interrupted");
      expect(await run(example, runDir, asItIs, true)).toBe("finished");
      expect(metricsOf(runDir)).toEqual(metricsOf(alone));
      for (const name of ["best.safetensors", "evaluation.json"]) {
        expect(readFileSync(join(runDir, name)).equals(readFileSync(join(alone, name))), name).toBe(true);
      }
      const [last, expected] = [runDir, alone].map((each) => loadCheckpoint(join(each, "last.safetensors")));
      expect(last).toEqual(expected);
    }
  });
});

const mean = (rows: readonly ArrayLike<number>[]) =>
  Array.from(rows[0]!, (_, index) => rows.reduce((sum, row) => sum + row[index]!, 0) / rows.length);

describe("averages", () => {
  it("of the last epochs are the mean of the weights at their ends, which is validated and kept", async () => {
    const example = cases["average of the last three epochs"]!;
    const runDir = newRunDir();
    const ends: Float32Array[] = [];
    const watch = (session: DirectSession): DirectSession => ({
      ...session,
      async step(...args) {
        const answer = await session.step(...args);
        ends.push(session.state().optimizer.get("linear.weight.live")!.data.slice() as Float32Array);
        return answer;
      },
    });
    await run(example, runDir, watch);
    const { state } = loadCheckpoint(join(runDir, "last.safetensors"));
    const lives = [24, 36, 48].map((step) => ends[step - 1]!);
    const used = state.parameters.get("linear.weight")!.data;
    mean(lives).forEach((value, index) => {
      expect(used[index]).toBeCloseTo(value, 6);
    });
    expect([...state.optimizer.get("linear.weight.live")!.data]).toEqual([...ends[47]!]);
    // The statistics of the mean are neither those of the last weights nor the mean of statistics.
    const statistics = state.buffers.get("norm.running_var")!.data;
    expect([...statistics]).not.toEqual([...state.optimizer.get("norm.running_var.live")!.data]);
  });

  it("shares give each step's mean, whatever the lengths", () => {
    const anyTime = fc.record({
      epochs: fc.integer({ min: 1, max: 12 }),
      stepsPerEpoch: fc.integer({ min: 1, max: 5 }),
      share: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(anyTime, ({ epochs, stepsPerEpoch, share }) => {
        const values = Array.from({ length: epochs * stepsPerEpoch }, (_, step) => (step * 7919) % 101);
        const after: number[] = [];
        let average = Number.NaN;
        for (const [step, value] of values.entries()) {
          const { parameters } = averageSharesAt({ name: "last", share }, { step, stepsPerEpoch, epochs });
          average = (parameters === 1 ? 0 : average * (1 - parameters)) + parameters * value;
          after.push(average);
        }
        const first = epochs - Math.max(1, Math.round(share * epochs)) + 1;
        const ends = values.filter((_, step) => (step + 1) % stepsPerEpoch === 0);
        for (let epoch = 1; epoch <= epochs; epoch++) {
          const counted = epoch < first ? [ends[epoch - 1]!] : ends.slice(first - 1, epoch);
          const expected = counted.reduce((sum, value) => sum + value, 0) / counted.length;
          expect(after[epoch * stepsPerEpoch - 1]).toBeCloseTo(expected, 9);
        }
      }),
    );
  });

  it("statistics found anew are those of the images, from the averages' own start; what is trained stays", async () => {
    const layer = sequential(batchNorm("norm"), flatten, linear("linear", 2));
    const input = { height: 3, width: 3, channels: 2 };
    const session = await createTrainingSession({
      network: network("statistics", input, 2, layer),
      batchSize: 4,
      accumulate: 2,
      optimizer: sgd,
      average: true,
      objective: classify({ labelSmoothing: 0, classWeights: null }),
      seed: 1,
      runtime,
    });
    const rng = stream(5, "statistics");
    const batch = () => Float32Array.from({ length: 4 * 18 }, () => 3 + 2 * rng.normal());
    const targets = Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1);
    for (let seed = 0; seed < 3; seed++) {
      const average = { parameters: 0.5, buffers: 0.5 };
      await session.step(batch(), targets, { learningRate: 0.1, seed, average });
    }
    const before = session.state();
    const batches = [batch(), batch(), batch()];
    for (const [at, images] of batches.entries())
      expect(await session.renew(images, { seed: at, batch: at })).toBe(true);
    const after = session.state();
    expect(after.parameters).toEqual(before.parameters);
    expect(after.optimizer).toEqual(before.optimizer);
    // Each part is a batch of its own to the layer, and has the same weight as the others.
    const parts = batches.flatMap((images) =>
      [0, 1].map((part) => images.subarray(36 * part, 36 * (part + 1))),
    );
    for (const channel of [0, 1]) {
      const values = parts.map((part) =>
        [0, 1].flatMap((image) => [
          ...part.subarray(9 * (2 * image + channel), 9 * (2 * image + channel + 1)),
        ]),
      );
      const means = values.map((own) => own.reduce((sum, value) => sum + value, 0) / 18);
      const variances = values.map(
        (own, at) => own.reduce((sum, value) => sum + (value - means[at]!) ** 2, 0) / 17,
      );
      const average = (all: readonly number[]) => all.reduce((sum, value) => sum + value, 0) / all.length;
      expect(after.buffers.get("norm.running_mean")!.data[channel]).toBeCloseTo(average(means), 5);
      expect(after.buffers.get("norm.running_var")!.data[channel]).toBeCloseTo(average(variances), 4);
    }
    await session.close();
  });
});

it("a state without an optimizer is begun with: what is trained and the slow weights are its weights", async () => {
  const example: Case = { ...cases["all at once"]! };
  const session = await open(example);
  const state = session.state();
  const parameters = new Map(
    [...state.parameters].map(([name, value]) => [name, { ...value, data: value.data.map((x) => x + 1) }]),
  );
  session.load({ parameters, buffers: state.buffers, optimizer: new Map() } as never);
  const { optimizer } = session.state();
  for (const [name, { data }] of parameters) {
    expect([...optimizer.get(`${name}.live`)!.data], name).toEqual([...data]);
    expect([...optimizer.get(`${name}.slow`)!.data], name).toEqual([...data]);
    expect(Math.max(...optimizer.get(`${name}.exp_avg`)!.data), name).toBe(0);
  }
  await session.close();
});

it("a checkpoint of another optimizer is refused, and says which tensor is not there", async () => {
  const [first, second] = await Promise.all([open(cases["sgd, clipped"]!), open(cases.adam!)]);
  expect(() => second.load(first.state())).toThrow(
    "checkpoint: optimizer conv.weight.exp_avg must be [5, 1, 3, 3] for small, got nothing",
  );
  await Promise.all([first.close(), second.close()]);
});

describe("memory", () => {
  it("of the slots counts, and sinks with the parts of a batch", async () => {
    const big = network(
      "big",
      { height: 32, width: 32, channels: 3 },
      10,
      sequential(
        conv("a", 32, 3, 1, 1),
        batchNorm("b"),
        relu,
        conv("c", 32, 3, 1, 1),
        relu,
        globalAvgPool,
        flatten,
        linear("d", 10),
      ),
    );
    /** What the session would need, seen by one that has nothing. */
    const needed = async (options: Partial<SessionOptions>) => {
      let bytes = 0;
      const poor = {
        ...runtime,
        availableMemory: () => 0,
        memoryOf(graph: Parameters<typeof runtime.memoryOf>[0]) {
          const own = runtime.memoryOf(graph);
          bytes += own;
          return own;
        },
      };
      const session = { network: big, batchSize: 64, optimizer: sgd, seed: 1, runtime: poor };
      const objective = classify({ labelSmoothing: 0, classWeights: null });
      await expect(createTrainingSession({ ...session, objective, ...options })).rejects.toThrow("of memory");
      return bytes;
    };
    const plain = await needed({});
    const slots = 4 * big.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    // One input more, which is there all the time, and the estimate's factor of two.
    const adamw: OptimizerOptions = { name: "adamw", ...adam };
    expect((await needed({ optimizer: adamw })) - plain).toBeGreaterThanOrEqual(1.9 * slots);
    expect(await needed({ accumulate: 4 })).toBeLessThan(0.35 * plain);
  });
});

describe("bad options are refused", () => {
  it.each<[Partial<SessionOptions>, string]>([
    [{ optimizer: { ...sgd, momentum: 1 } }, "sgd: momentum must be in [0, 1), got 1"],
    [{ optimizer: { name: "adam", ...adam, betas: [0.9, 1] } }, "adam: betas must be in [0, 1) each, got 1"],
    [{ optimizer: { name: "adamw", ...adam, epsilon: 0 } }, "adamw: epsilon must be above 0, got 0"],
    [{ optimizer: { ...muon, steps: 0 } }, "muon: steps must be an integer from 1 to 20, got 0"],
    [{ optimizer: { ...muon, biasRate: -1 } }, "muon: biasRate must be above 0, got -1"],
    [{ clipNorm: 0 }, "training: clipNorm must be above 0, got 0"],
    [{ lookahead: { every: 0, alpha: 0.5 } }, "lookahead: every must be an integer >= 1, got 0"],
    [{ lookahead: { every: 5, alpha: 2 } }, "lookahead: alpha must be above 0 and at most 1, got 2"],
    [{ accumulate: 3 }, "training: accumulate must divide the batch of 8, got 3"],
  ])("%j", async (wrong, message) => {
    await expect(open({ optimizer: sgd, ...wrong })).rejects.toThrow(message);
  });
});
