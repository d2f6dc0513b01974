// Timing on this machine, through a whole session: what is timed is used, kept, and used again.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { conv, flatten, linear, relu, sequential } from "../nn/layers/index.ts";
import { network } from "../nn/network.ts";
import { stream } from "../rng.ts";
import { timeLayers } from "../run/layer-times.ts";
import { timingOf } from "../run/layers.ts";
import type { ConvolutionMode, TimedChoices } from "../runtime/choice.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { timingFile } from "../runtime/timing-file.ts";
import { classify } from "./objectives/classify.ts";
import { openTrainingThread } from "./training-thread.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-timed-"));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});
let folders = 0;
beforeEach(() => {
  vi.stubEnv("XDG_CACHE_HOME", join(root, `${folders++}`));
});

const batchSize = 8;
const net = network(
  "small",
  { height: 12, width: 12, channels: 3 },
  4,
  sequential(
    conv("first", 16, 3, 1, 1),
    relu,
    conv("second", 16, 3, 1, 1),
    relu,
    conv("third", 16, 3, 2, 1),
    flatten,
    linear("linear", 4),
  ),
);
const options = {
  network: net,
  batchSize,
  optimizer: { momentum: 0.9, nesterov: true, weightDecay: 0, decayBiasAndNorm: false },
  objective: classify({ labelSmoothing: 0, classWeights: null }),
  seed: 3,
  threads: 1,
};
const rng = stream(1, "timed convolutions");
const images = Float32Array.from({ length: batchSize * 3 * 144 }, () => rng.normal());
const targets = new Float32Array(batchSize * 4);
for (let image = 0; image < batchSize; image++) targets[image * 4 + (image % 4)] = 1;

/** Losses of three steps and a prediction, the choices, and what was told of the timing. */
async function train(convolution: ConvolutionMode, timedConvolutions: TimedChoices = {}) {
  const told: string[] = [];
  const session = await openTrainingThread({
    ...options,
    convolution,
    timedConvolutions,
    onTiming: (done, total) => told.push(`${done} of ${total}`),
  });
  try {
    const losses: number[] = [];
    for (let seed = 0; seed < 3; seed++)
      losses.push((await session.step(images, targets, { learningRate: 0.1, seed })).loss);
    const logits = [...(await session.predict(images, batchSize))];
    return { numbers: [...losses, ...logits], choices: session.timedConvolutions, told };
  } finally {
    await session.close();
  }
}

/** Every choice that can be another one. */
const other: Readonly<Record<string, "im2col" | "winograd" | "spaceToDepth">> = {
  winograd: "im2col",
  spaceToDepth: "im2col",
};
const flipped = (choices: TimedChoices): TimedChoices =>
  Object.fromEntries(
    Object.entries(choices).map(([name, algorithm]) => [
      name,
      other[algorithm] ?? (name.includes("stride") ? "spaceToDepth" : "winograd"),
    ]),
  );

describe("timed convolutions", () => {
  it("are timed once, remembered, and kept by whoever knows them", async () => {
    const first = await train("timed");
    expect(first.told).toEqual(["0 of 3", "1 of 3", "2 of 3", "3 of 3"]);
    const geometries = [
      "3x12x12 to 16x12x12, 3x3, padding 1, batch 8",
      "16x12x12 to 16x12x12, 3x3, padding 1, batch 8",
      "16x12x12 to 16x6x6, 3x3, stride 2, padding 1, batch 8",
    ];
    const passes = [
      "forward, weightGrad",
      "forward, inputGrad, weightGrad",
      "forward, inputGrad, weightGrad",
    ];
    expect(Object.keys(first.choices).sort()).toEqual(
      geometries.flatMap((text, index) => [`${text}: forward`, `${text}: ${passes[index]}`]).sort(),
    );

    const again = await train("timed");
    expect(again).toEqual({ ...first, told: [] });

    // As if it had been timed otherwise in the meantime.
    const file = JSON.parse(readFileSync(timingFile(), "utf8"));
    const [machine] = Object.keys(file.timings);
    for (const [name, algorithm] of Object.entries(flipped(first.choices))) {
      file.timings[machine!][name].algorithm = algorithm;
    }
    writeFileSync(timingFile(), JSON.stringify(file));
    const changed = await train("timed");
    expect(changed.choices).toEqual(flipped(first.choices));
    expect(changed.numbers, "other sums round otherwise").not.toEqual(first.numbers);
    changed.numbers.forEach((number, index) => {
      expect(number).toBeCloseTo(first.numbers[index]!, 4);
    });
    expect(await train("timed", first.choices)).toEqual({ ...first, told: [] });
  });

  it("of another kind leave no trace", async () => {
    for (const mode of ["fixed", "im2col"] as const) {
      expect(await train(mode)).toMatchObject({ choices: {}, told: [] });
    }
    expect(existsSync(timingFile())).toBe(false);
  });

  it("that cannot be are an error of the session", async () => {
    const name = "3x12x12 to 16x12x12, 3x3, padding 1, batch 8: forward, weightGrad";
    await expect(train("timed", { [name]: "spaceToDepth" })).rejects.toThrow(
      `timedConvolutions: "${name}" must be one of winograd, im2col, got spaceToDepth`,
    );
  });
});

describe("the table of a network's convolutions", () => {
  it("has the times of all candidates, and its choices are those of later sessions", async () => {
    const told: number[] = [];
    const timing = { network: net, batchSize, ...timingOf({ threads: 1 }) };
    const table = await timeLayers(timing, (done) => told.push(done));
    expect(told).toEqual([0, 1, 2, 3]);
    expect(table.map(({ layers, passes }) => [layers, passes.length])).toEqual([
      [["first"], 2],
      [["second"], 3],
      [["third"], 3],
    ]);
    for (const { times, passedOver, byTiming, byRule } of table) {
      expect(times.length + passedOver.length).toBe(2);
      expect(times.map(({ algorithm }) => algorithm)).toEqual(expect.arrayContaining([byTiming, byRule]));
      for (const { forward, gradients, together, gigaflops } of times) {
        expect(forward).toBeGreaterThan(0);
        expect(gradients, "what all passes take beyond the first").toBeCloseTo(
          Math.max(0, together - forward),
          9,
        );
        expect(gigaflops).toBeGreaterThan(0);
      }
    }
    const { told: timed, choices } = await train("timed");
    expect(timed).toEqual([]);
    const whole = Object.entries(choices).filter(([name]) => name.includes("weightGrad"));
    expect(whole.map(([, algorithm]) => algorithm)).toEqual(table.map(({ byTiming }) => byTiming));
  });
});

it("the estimate of memory follows the choice", async () => {
  const { convolutionGraph } = await import("../runtime/timing.ts");
  const { convSpec } = await import("../graph/conv/spec.ts");
  const { describeConvolution } = await import("../graph/conv/inventory.ts");
  const attrs = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
  const spec = convSpec(attrs, [16, 12, 12, 8], [16, 16, 3, 3]);
  const graph = convolutionGraph(spec, ["forward"]);
  const bytesOf = (algorithm: "winograd" | "im2col") => {
    const known = { [describeConvolution({ spec, passes: ["forward"] })]: algorithm };
    return nodeRuntime({ threads: 1, convolution: "timed", timedConvolutions: known }).memoryOf(graph);
  };
  expect(bytesOf("im2col")).toBeGreaterThan(1.5 * bytesOf("winograd"));
});
