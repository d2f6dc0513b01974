// The random layer of Shake-Shake: what it draws, and whose shares the gradients have.
import { describe, expect, it } from "vitest";
import { gradients } from "../../graph/grad.ts";
import { Graph } from "../../graph/graph.ts";
import type { ReferenceArray } from "../../graph/types.ts";
import { stream } from "../../rng.ts";
import { evaluateReference } from "../../runtime/reference.ts";
import { forwardLayer } from "../tree.ts";
import { type Layer, scale, shake } from "./index.ts";

const count = 20_000;

interface Shares {
  /** Of the result and of the gradient, image by image. */
  readonly forward: readonly number[];
  readonly backward: readonly number[];
}

/** x [2, 1, 1, N] goes through branches that give 3 x and 0: y = 3 a x + x tells a, and dy/dx = 3 b + 1 tells b. */
function sharesOf(layer: Layer, seed: number, training = true): Shares {
  const g = new Graph();
  const rng = stream(seed, "shake");
  const x = Float64Array.from({ length: 2 * count }, () => 1 + rng.uniform());
  const feeds = new Map<string, ReferenceArray>([
    ["x", { shape: [2, 1, 1, count], data: x }],
    ["seed", { shape: [1], data: Float64Array.of(seed) }],
  ]);
  const input = g.input("x", "float32", [2, 1, 1, count]);
  const given = g.input("seed", "int32", [1]);
  let salt = 0;
  const context = {
    g,
    training,
    seed: training ? given : null,
    nextSalt: () => ++salt,
    parameter: () => input,
    buffer: () => input,
    updateBuffer: () => {},
  };
  const y = forwardLayer(context, layer, input);
  g.output("y", y);
  g.output("dx", gradients(g, g.apply("reduceSum", [y], { axes: [0, 1, 2, 3] }), [input])[0]!);
  const results = evaluateReference(g, feeds);
  const [values, slopes] = [results.get("y")!.data, results.get("dx")!.data];
  /** Of a channel; the two channels of an image have one share. */
  const shares = (of: Float64Array, unit: (at: number) => number, channel: number) =>
    Array.from({ length: count }, (_, n) => {
      const at = channel * count + n;
      return (of[at]! / unit(at) - 1) / 3;
    });
  const forward = shares(values, (at) => x[at]!, 0);
  const backward = shares(slopes, () => 1, 0);
  expect(
    furthest(
      shares(values, (at) => x[at]!, 1),
      forward,
    ),
  ).toBeLessThan(1e-10);
  expect(
    furthest(
      shares(slopes, () => 1, 1),
      backward,
    ),
  ).toBeLessThan(1e-10);
  return { forward, backward };
}

const branches = [scale(3), scale(0)] as const;
const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((x) => (x - middle) ** 2));
}

const furthest = (values: readonly number[], from: readonly number[] | number): number =>
  values.reduce(
    (most, x, n) => Math.max(most, Math.abs(x - (typeof from === "number" ? from : from[n]!))),
    0,
  );

/** Uniform on [0, 1): mean, variance, and a tenth of the draws in each tenth, within five deviations. */
function expectUniform(values: readonly number[]): void {
  const deviations = 5 / Math.sqrt(values.length);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(Math.abs(mean(values) - 1 / 2)).toBeLessThan(deviations * Math.sqrt(1 / 12));
  expect(Math.abs(variance(values) - 1 / 12)).toBeLessThan(deviations * Math.sqrt(1 / 180));
  for (let tenth = 0; tenth < 10; tenth++) {
    const part = values.filter((x) => Math.floor(10 * x) === tenth).length / values.length;
    expect(Math.abs(part - 0.1), `tenth ${tenth}`).toBeLessThan(deviations * Math.sqrt(0.09));
  }
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const products = a.map((x, n) => (x - meanA) * (b[n]! - meanB));
  return mean(products) / Math.sqrt(variance(a) * variance(b));
}

describe("for each image", () => {
  it("shake: shares of the result and of the gradient are uniform and know nothing of each other", () => {
    const { forward, backward } = sharesOf(shake(...branches), 3);
    expectUniform(forward);
    expectUniform(backward);
    expect(Math.abs(correlation(forward, backward))).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(correlation(forward.slice(1), forward.slice(0, -1)))).toBeLessThan(5 / Math.sqrt(count));
    expect(sharesOf(shake(...branches), 3).forward).toEqual(forward);
    const other = sharesOf(shake(...branches), 4).forward;
    expect(Math.abs(correlation(other, forward))).toBeLessThan(5 / Math.sqrt(count));
  });

  it("even: the gradient has halves", () => {
    const { forward, backward } = sharesOf(shake(...branches, { backward: "even" }), 3);
    expectUniform(forward);
    expect(furthest(backward, 0.5)).toBeLessThan(1e-10);
  });

  it("keep: the gradient has the result's shares", () => {
    const { forward, backward } = sharesOf(shake(...branches, { backward: "keep" }), 3);
    expectUniform(forward);
    expect(furthest(backward, forward)).toBeLessThan(1e-10);
  });

  it("even forward: the result has halves, and the gradient what is told", () => {
    const { forward, backward } = sharesOf(shake(...branches, { forward: "even" }), 3);
    expect(furthest(forward, 0.5)).toBeLessThan(1e-10);
    expectUniform(backward);
  });
});

it("for the batch: one share for all images, another for the gradient, others with another seed", () => {
  const draws = Array.from({ length: 12 }, (_, seed) => sharesOf(shake(...branches, { per: "batch" }), seed));
  for (const { forward, backward } of draws) {
    expect(Math.max(...forward) - Math.min(...forward)).toBeLessThan(1e-10);
    expect(Math.max(...backward) - Math.min(...backward)).toBeLessThan(1e-10);
  }
  const shares = draws.flatMap(({ forward, backward }) => [forward[0]!, backward[0]!]);
  expect(new Set(shares.map((share) => share.toFixed(8))).size).toBe(24);
});

it.each(["shake", "even", "keep"] as const)("in evaluation (%s) all is halves", (backward) => {
  const { forward, backward: slopes } = sharesOf(shake(...branches, { backward }), 3, false);
  expect(furthest([...forward, ...slopes], 0.5)).toBeLessThan(1e-10);
});
