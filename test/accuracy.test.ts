// Winograd against direct sums on what a trained network really has: rounding errors of each pass, and the results of
// training with either. `bench/accuracy.ts` does the same with whole networks and real images.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { errorsOf, onNormalNumbers, recordConvolutions } from "../bench/convolution-errors.ts";
import { exactRows, type Operands, type Pass } from "../bench/exact-convolution.ts";
import { sampleOf, welchTest } from "../bench/welch.ts";
import { trainingPipeline } from "../src/augment/index.ts";
import { openLoader, trainingBatches } from "../src/data/index.ts";
import { convSpec } from "../src/graph/conv/spec.ts";
import { batchNorm, conv, flatten, type Layer, linear, relu, sequential } from "../src/nn/layers/index.ts";
import { network } from "../src/nn/network.ts";
import { nodeRuntime } from "../src/runtime/node.ts";
import { evaluateReference } from "../src/runtime/reference.ts";
import { evaluate } from "../src/train/evaluate.ts";
import { classify, classScoring, oneHot } from "../src/train/objectives/classify.ts";
import { createTrainingSession } from "../src/train/step.ts";
import { memoryDataset } from "./helpers/memory-dataset.ts";
import { type OperandCase, operatorCases } from "./helpers/operator-cases.ts";
import { namedOperands, operatorGraph } from "./helpers/operator-graph.ts";

const numClasses = 4;
const batchSize = 32;
const dataset = memoryDataset({ count: 256, numClasses, side: 16, channels: 3, seed: 5, noise: 0.6 });
const pipeline = trainingPipeline({
  input: { height: 16, width: 16, channels: 3 },
  crop: { height: 16, width: 16, padding: 0 },
  flip: 0,
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
  cutout: null,
});
const block = (name: string, size: number, stride: number): Layer =>
  sequential(conv(name, 16, size, stride, size >> 1), batchNorm(`${name}.bn`), relu);
/** Every kernel that Winograd has tiles for, and a stride that becomes one of them. */
const tiny = network(
  "tiny",
  { height: 16, width: 16, channels: 3 },
  numClasses,
  sequential(
    block("first", 3, 1),
    block("three", 3, 1),
    block("five", 5, 1),
    block("strided", 3, 2),
    flatten,
    linear("linear", numClasses),
  ),
);
const training = Int32Array.from({ length: 192 }, (_, index) => index);
const unseen = Int32Array.from({ length: 64 }, (_, index) => 192 + index);

async function trained(convolution: "winograd" | "im2col") {
  const session = await createTrainingSession({
    network: tiny,
    batchSize,
    optimizer: { momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayBiasAndNorm: false },
    objective: classify({ labelSmoothing: 0, classWeights: null }),
    seed: 1,
    runtime: nodeRuntime({ threads: 1, convolution }),
  });
  const losses: number[] = [];
  for (let epoch = 1; epoch <= 5; epoch++) {
    const order = { dataset, pipeline, workers: 0, indices: training, batchSize, seed: 1, epoch };
    for await (const { images, labels } of trainingBatches(order)) {
      const { loss } = await session.step(images, oneHot(labels, numClasses), {
        learningRate: 0.05,
        seed: 0,
      });
      losses.push(loss);
    }
  }
  const scoring = await evaluate({
    predictor: session,
    scoring: classScoring(dataset, unseen),
    dataset,
    indices: unseen,
    pipeline,
    loader: openLoader({ dataset, pipeline, workers: 0 }),
    crops: "center",
    batchSize,
  });
  const state = session.state();
  await session.close();
  return { losses, score: scoring.score(), state };
}

describe("exact sums", () => {
  const operands = (x: OperandCase, w: OperandCase, dy: OperandCase) => ({
    x: Float32Array.from(x.data),
    w: Float32Array.from(w.data),
    dy: Float32Array.from(dy.data),
  });
  const nothing: OperandCase = { dtype: "float32", shape: [0], data: new Float64Array() };
  const rounded = <C extends { readonly operands: readonly OperandCase[] }>(example: C): C => ({
    ...example,
    operands: example.operands.map((each) => ({
      ...each,
      data: Float64Array.from(Float32Array.from(each.data)),
    })),
  });
  const matches = (pass: Pass, given: Operands, expected: Float64Array) => {
    const rows = pass === "weightGrad" ? expected.length : expected.length / given.spec.batch;
    const actual = exactRows(
      given,
      pass,
      Array.from({ length: rows }, (_, place) => place),
    );
    expect(actual).toHaveLength(expected.length);
    actual.forEach((value, index) => {
      expect(Math.abs(value - expected[index]!)).toBeLessThan(1e-12);
    });
  };
  const reference = (graph: ReturnType<typeof operatorGraph>, inputs: readonly OperandCase[]) => {
    graph.g.output("y", graph.output);
    return evaluateReference(graph.g, namedOperands(inputs)).get("y")!.data;
  };

  test("are those of the reference, in each pass, for any geometry", () => {
    fc.assert(
      fc.property(operatorCases.conv2d, (drawn) => {
        const example = rounded(drawn);
        const [x, w] = example.operands as [OperandCase, OperandCase];
        const spec = convSpec(example.attrs, x.shape, w.shape);
        const expected = reference(operatorGraph("conv2d", example), example.operands);
        matches("forward", { spec, ...operands(x, w, nothing) }, expected);
      }),
      { numRuns: 60, seed: 3 },
    );
    fc.assert(
      fc.property(operatorCases.conv2dInputGrad, (drawn) => {
        const example = rounded(drawn);
        const [dy, w] = example.operands as [OperandCase, OperandCase];
        const { inputSize, groups } = example.attrs;
        const spec = convSpec(example.attrs, [w.shape[1]! * groups, ...inputSize, dy.shape[3]!], w.shape);
        const expected = reference(operatorGraph("conv2dInputGrad", example), example.operands);
        matches("inputGrad", { spec, ...operands(nothing, w, dy) }, expected);
      }),
      { numRuns: 60, seed: 3 },
    );
    fc.assert(
      fc.property(operatorCases.conv2dWeightGrad, (drawn) => {
        const example = rounded(drawn);
        const [x, dy] = example.operands as [OperandCase, OperandCase];
        const { kernel, groups } = example.attrs;
        const spec = convSpec(example.attrs, x.shape, [dy.shape[0]!, x.shape[0]! / groups, ...kernel]);
        const expected = reference(operatorGraph("conv2dWeightGrad", example), example.operands);
        matches("weightGrad", { spec, ...operands(x, nothing, dy) }, expected);
      }),
      { numRuns: 60, seed: 3 },
    );
  });
});

describe("a trained network", async () => {
  const [winograd, direct] = [await trained("winograd"), await trained("im2col")];

  it("is as good with Winograd as with direct sums", () => {
    const [first] = direct.losses;
    for (const { losses, score } of [winograd, direct]) {
      expect(losses.at(-1)!).toBeLessThan(first! / 4);
      expect(score.top1).toBeGreaterThan(0.9);
    }
    // The first steps are the same up to rounding; then a ReLU near 0 falls otherwise, and the two part.
    winograd.losses.slice(0, 2).forEach((loss, step) => {
      expect(Math.abs(loss / direct.losses[step]! - 1), `loss of step ${step}`).toBeLessThan(1e-5);
    });
    expect(Math.abs(winograd.score.loss - direct.score.loss)).toBeLessThan(0.05);
  });

  it("has activations and gradients on which Winograd loses no more digits than on random numbers", async () => {
    const { value: batch } = await trainingBatches({
      ...{ dataset, pipeline, workers: 0, indices: training, batchSize, seed: 1, epoch: 6 },
    })
      [Symbol.asyncIterator]()
      .next();
    const recorded = await recordConvolutions({
      network: tiny,
      state: direct.state,
      images: batch.images,
      targets: oneHot(batch.labels, numClasses),
      seed: 0,
      threads: 1,
    });
    expect(recorded.map(({ layer, passes }) => [layer, passes.length])).toEqual([
      ["first.weight", 2],
      ["three.weight", 3],
      ["five.weight", 3],
      ["strided.weight", 3],
    ]);
    const forms = new Set<string>();
    for (const convolution of recorded) {
      const options = { places: 200, seed: 1, threads: 1 };
      const errors = await errorsOf(convolution, options);
      const onNormal = await errorsOf(onNormalNumbers(convolution, 1), options);
      errors.forEach(({ layer, pass, algorithm, form, rms, worst }, index) => {
        const where = `${layer} ${pass} ${algorithm} ${form}`;
        forms.add(form);
        // Zero would be a comparison of a result with itself.
        expect(rms, where).toBeGreaterThan(1e-9);
        expect(rms, where).toBeLessThan(form === "direct" ? 2e-6 : 2e-5);
        expect(worst, where).toBeLessThan(form === "direct" ? 3e-5 : 3e-4);
        expect(rms, where).toBeLessThan(3 * onNormal[index]!.rms);
      });
    }
    expect([...forms]).toEqual(expect.arrayContaining(["direct"]));
    expect([...forms].some((form) => form.endsWith("3x3)"))).toBe(true);
    expect([...forms].some((form) => form.endsWith("5x5)"))).toBe(true);
    expect([...forms].some((form) => form.endsWith("2x2)"))).toBe(true);
  });
});

describe("Welch's test", () => {
  it("gives what scipy.stats.ttest_ind(b, a, equal_var=False) gives", () => {
    const [a, b] = [
      [68.1, 67.4, 69.0, 68.3, 67.9],
      [68.9, 68.2, 69.9, 68.5],
    ].map(sampleOf) as [ReturnType<typeof sampleOf>, ReturnType<typeof sampleOf>];
    const { difference, interval, p, degreesOfFreedom } = welchTest(a, b);
    const expected = [
      0.735, -0.39048634018481576, 1.8604863401847862, 0.15914714638955582, 5.682878469449622,
    ];
    [difference, ...interval, p, degreesOfFreedom].forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index]!, 10);
    });
  });
  it("needs two numbers or more, and a spread", () => {
    expect(() => sampleOf([1])).toThrow("sampleOf: there must be two numbers or more, got 1");
    expect(() => welchTest(sampleOf([1, 1]), sampleOf([1, 1]))).toThrow(/must differ/);
  });
});
