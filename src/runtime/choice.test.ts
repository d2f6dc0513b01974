// Choosing algorithms by timing, against a clock of the test's own.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type ConvAlgorithmName, candidates, chooseByRule } from "../graph/conv/algorithms.ts";
import { convolutionsOf, describeConvolution, describeGeometry, type Pass } from "../graph/conv/inventory.ts";
import { type ConvSpec, convSpec } from "../graph/conv/spec.ts";
import type { Graph } from "../graph/graph.ts";
import { convolutionModes, createChooser, type TimedChoices } from "./choice.ts";
import { convolutionGraph, type TimingRuntime } from "./timing.ts";
import { readTimings } from "./timing-file.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-choice-"));
afterAll(() => rmSync(root, { recursive: true }));
let files = 0;
const newFile = () => join(root, `${files++}`, "convolutions.json");

const allPasses: readonly Pass[] = ["forward", "inputGrad", "weightGrad"];
const geometry = (channels: number, side: number, kernel: number, stride = 1, batch = 8): ConvSpec => {
  const pad = (kernel - 1) / 2;
  const attrs = {
    stride: [stride, stride],
    padding: [pad, pad, pad, pad],
    dilation: [1, 1],
    groups: 1,
  } as const;
  return convSpec(attrs, [channels, side, side, batch], [channels, channels, kernel, kernel]);
};
/** The rule takes winograd, and im2col is possible. */
const spec = geometry(16, 6, 3);
const training = convolutionGraph(spec, allPasses);
const prediction = convolutionGraph(spec, ["forward"]);
const names = {
  training: describeConvolution({ spec, passes: allPasses }),
  prediction: describeConvolution({ spec, passes: ["forward"] }),
};

type Milliseconds = { readonly [Name in ConvAlgorithmName]?: { forward: number; together: number } };

/** A machine on which algorithms take the given times. */
function machine(milliseconds: Milliseconds, bytes: { [Name in ConvAlgorithmName]?: number } = {}) {
  let clock = 0;
  let open = 0;
  const log: string[] = [];
  const runtime: TimingRuntime = {
    now: () => clock,
    availableMemory: () => 1000,
    memoryOf: (graph, choice) => bytes[choice(convolutionsOf(graph)[0]!.spec)] ?? 1,
    async compile(graph, choice) {
      const [one] = convolutionsOf(graph);
      const algorithm = choice(one!.spec);
      const part = one!.passes.length > 1 ? "together" : "forward";
      expect(++open, "one at a time").toBe(1);
      let runs = 0;
      return {
        fallbacks: [],
        async run() {
          await Promise.resolve();
          // The first run has memory to find.
          clock += milliseconds[algorithm]![part] + (runs++ === 0 ? 100 : 0);
          return {};
        },
        async close() {
          open--;
          log.push(`${algorithm} ${part} ${runs}`);
        },
      };
    },
  };
  return { runtime, log };
}

function timedBy(
  { runtime }: { readonly runtime: TimingRuntime },
  {
    file = newFile(),
    known = {} as TimedChoices,
    name = "here",
    onTiming = (_done: number, _total: number) => {},
  } = {},
) {
  return createChooser("timed", { known, runtime, file, machine: () => name, onTiming });
}

const quickIm2col: Milliseconds = {
  winograd: { forward: 20, together: 90 },
  im2col: { forward: 30, together: 60 },
};

describe("a choice by timing", () => {
  it("takes the fastest, for training and for the forward pass alone", async () => {
    const here = machine(quickIm2col);
    const chooser = timedBy(here);
    expect(chooser.choiceFor(training)(spec)).toBe(chooseByRule(spec));
    expect(await chooser.settle(training)).toBe(true);
    expect(chooser.choiceFor(training)(spec)).toBe("im2col");
    expect(await chooser.settle(prediction), "nothing is left to time").toBe(false);
    expect(chooser.choiceFor(prediction)(spec)).toBe("winograd");
    expect(chooser.timed()).toEqual({ [names.training]: "im2col", [names.prediction]: "winograd" });
    expect(here.log.map((line) => line.replace(/ \d+$/, "")).sort()).toEqual([
      "im2col forward",
      "im2col together",
      "winograd forward",
      "winograd together",
    ]);
  });

  it("is the rule's where another is hardly faster", async () => {
    for (const [im2col, expected] of [
      [96, "winograd"],
      [94, "im2col"],
    ] as const) {
      const times = {
        winograd: { forward: 50, together: 100 },
        im2col: { forward: im2col / 2, together: im2col },
      };
      const chooser = timedBy(machine(times));
      await chooser.settle(training);
      expect(chooser.choiceFor(training)(spec)).toBe(expected);
      expect(chooser.choiceFor(prediction)(spec)).toBe(expected);
    }
  });

  it("does not run again what is far behind", async () => {
    const here = machine({ winograd: { forward: 20, together: 60 }, im2col: { forward: 40, together: 60 } });
    await timedBy(here).settle(training);
    // A first run that is not counted, then three or more; one is enough for a forward pass of twice the time.
    expect(here.log).toEqual([
      "winograd forward 4",
      "winograd together 4",
      "im2col forward 2",
      "im2col together 4",
    ]);
  });

  it("stops when the time is up", async () => {
    const here = machine({
      winograd: { forward: 700, together: 5000 },
      im2col: { forward: 700, together: 5000 },
    });
    await timedBy(here).settle(training);
    expect(here.log).toEqual([
      "winograd forward 2",
      "winograd together 2",
      "im2col forward 2",
      "im2col together 2",
    ]);
  });

  it("times nothing where there is one way, or one that has a prospect, or that fits in memory", async () => {
    const cases = [
      {
        one: { ...geometry(8, 6, 3, 1), dilation: [2, 2] as const, padding: [2, 2, 2, 2] as const },
        bytes: {},
        expected: "im2col",
      },
      { one: geometry(512, 16, 5), bytes: {}, expected: "winograd" },
      { one: spec, bytes: { winograd: 1001 }, expected: "im2col" },
      { one: spec, bytes: { winograd: 1001, im2col: 1001 }, expected: "winograd" },
    ];
    for (const { one, bytes, expected } of cases) {
      const here = machine({}, bytes);
      const chooser = timedBy(here);
      const graph = convolutionGraph(one, allPasses);
      await chooser.settle(graph);
      expect(chooser.choiceFor(graph)(one), describeGeometry(one)).toBe(expected);
      expect(here.log).toEqual([]);
    }
  });

  it("tells how far it is", async () => {
    const told: (readonly [number, number])[] = [];
    const chooser = timedBy(machine(quickIm2col), { onTiming: (done, total) => told.push([done, total]) });
    await Promise.all([chooser.settle(training), chooser.settle(prediction), chooser.settle(training)]);
    expect(told).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it("that fails is an error once, and is tried again", async () => {
    const here = machine(quickIm2col);
    const { compile } = here.runtime;
    let broken = true;
    const chooser = timedBy({
      runtime: {
        ...here.runtime,
        compile: (...words) => (broken ? Promise.reject(new Error("no")) : compile(...words)),
      },
    });
    await expect(chooser.settle(training)).rejects.toThrow("no");
    broken = false;
    await chooser.settle(training);
    expect(chooser.choiceFor(training)(spec)).toBe("im2col");
  });
});

describe("what was timed", () => {
  it("is remembered for the machine, with the times", async () => {
    const file = newFile();
    await timedBy(machine(quickIm2col), { file }).settle(training);
    expect(readTimings(file, "here")).toEqual(
      new Map([
        [names.prediction, { algorithm: "winograd", milliseconds: { winograd: 20, im2col: 30 } }],
        [names.training, { algorithm: "im2col", milliseconds: { winograd: 90, im2col: 60 } }],
      ]),
    );
    const again = machine({});
    const chooser = timedBy(again, { file });
    expect(await chooser.settle(training)).toBe(true);
    expect(chooser.timed()).toEqual({ [names.training]: "im2col", [names.prediction]: "winograd" });
    expect(again.log).toEqual([]);
    const other = machine(quickIm2col);
    await timedBy(other, { file, name: "there" }).settle(training);
    expect(other.log).toHaveLength(4);
  });

  it("in an earlier run wins over what is remembered, also for one pass alone", async () => {
    const file = newFile();
    await timedBy(machine(quickIm2col), { file }).settle(training);
    const known = { [names.training]: "winograd", "another: forward": "im2col" } as const;
    const chooser = timedBy(machine({}), { file, known });
    expect(await chooser.settle(training)).toBe(false);
    expect(chooser.choiceFor(training)(spec)).toBe("winograd");
    expect(chooser.timed(), "what no graph has is left out").toEqual({ [names.training]: "winograd" });
    const forward = timedBy(machine({}), { file, known: { [names.prediction]: "im2col" } });
    await forward.settle(training);
    expect(forward.timed()).toEqual({ [names.training]: "im2col", [names.prediction]: "im2col" });
  });

  it("in an earlier run must be possible", async () => {
    const known = { [names.training]: "pointwise" } as const;
    await expect(timedBy(machine({}), { known }).settle(training)).rejects.toThrow(
      `timedConvolutions: "${names.training}" must be one of winograd, im2col, got pointwise`,
    );
  });

  it("is timed again when the file is broken, or says what is not possible", async () => {
    for (const content of [
      "{",
      JSON.stringify({
        format: 1,
        timings: { here: { [names.training]: { algorithm: "spaceToDepth", milliseconds: {} } } },
      }),
    ]) {
      const file = newFile();
      mkdirSync(join(file, ".."));
      writeFileSync(file, content);
      const here = machine(quickIm2col);
      await timedBy(here, { file }).settle(training);
      expect(here.log).toHaveLength(4);
      expect(JSON.parse(readFileSync(file, "utf8")).timings.here[names.training].algorithm).toBe("im2col");
    }
  });

  it("is used, if not remembered, where the file cannot be written", async () => {
    const file = newFile();
    mkdirSync(file, { recursive: true });
    const chooser = timedBy(machine(quickIm2col), { file });
    await chooser.settle(training);
    expect(chooser.choiceFor(training)(spec)).toBe("im2col");
  });
});

describe("without timing", () => {
  const random = fc.record({
    channels: fc.integer({ min: 1, max: 40 }),
    side: fc.integer({ min: 5, max: 12 }),
    kernel: fc.constantFrom(1, 3, 5),
    stride: fc.integer({ min: 1, max: 3 }),
  });

  it("every mode chooses an algorithm that is possible, forced ones wherever they are", () => {
    const { runtime } = machine({});
    const options = { known: {}, runtime, file: "", machine: () => "", onTiming: () => {} };
    const property = fc.property(random, fc.constantFrom(...convolutionModes), (one, mode) => {
      const geometryOf = geometry(one.channels, one.side, one.kernel, one.stride);
      const possible = candidates(geometryOf);
      const choice = createChooser(mode, options).choiceFor(convolutionGraph(geometryOf, allPasses))(
        geometryOf,
      );
      expect(possible).toContain(choice);
      expect(choice).toBe(possible.includes(mode as ConvAlgorithmName) ? mode : chooseByRule(geometryOf));
    });
    fc.assert(property, { numRuns: 200, seed: 5 });
  });

  it("a convolution by itself is the convolution that it is made for", () => {
    const passes = fc.subarray([...allPasses], { minLength: 1 });
    const property = fc.property(random, passes, (one, some) => {
      const geometryOf = geometry(one.channels, one.side, one.kernel, one.stride);
      const graph: Graph = convolutionGraph(geometryOf, some);
      expect(convolutionsOf(graph)).toEqual([{ spec: geometryOf, passes: some, weights: [] }]);
      for (const value of [...graph.inputs.values(), ...graph.outputs.values()]) {
        expect(value.shape.every((extent) => extent === 1)).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 100, seed: 5 });
  });
});
