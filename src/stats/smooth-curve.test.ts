// The curve through trainings of different length, held against NumPy: block levels by generalized least squares there, by a
// large variance here.
import { expect, test } from "vitest";
import { smoothCurve, type Trained } from "./smooth-curve.ts";

const eighths = Array.from({ length: 9 }, (_, at) => at / 8);
const block = (index: number, share: number, at: readonly number[], values: readonly number[]) =>
  at.map((point, index_): Trained => ({ at: point, share, block: index, value: values[index_]! }));

const trained = [
  ...block(0, 1 / 8, eighths, [0.6, 0.5977, 0.6099, 0.6164, 0.6219, 0.6083, 0.5968, 0.5881, 0.5955]),
  ...block(1, 1 / 4, [0, 0.125, 0.25, 0.5, 0.75], [0.6368, 0.6262, 0.6125, 0.6134, 0.6309]),
  ...block(2, 1, [0, 0.25, 0.375], [0.6975, 0.6826, 0.6989]),
];
const known = [
  0, -0.002132548, -0.002300155, -0.000879105, 0.000328981, -0.000422463, -0.003362937, -0.007076173,
  -0.009687277,
];

const fromFirst = (curve: readonly number[]) => curve.map((value) => value - curve[0]!);

test("is NumPy's", () => {
  for (const [at, value] of fromFirst(smoothCurve(trained, eighths)).entries())
    expect(value).toBeCloseTo(known[at]!, 7);
});

test("what is added to all trainings of a block changes nothing; another unit changes the unit", () => {
  const moved = trained.map((one) => ({ ...one, value: 100 * one.value + 7 * one.block }));
  for (const [at, value] of fromFirst(smoothCurve(moved, eighths)).entries())
    expect(value / 100).toBeCloseTo(known[at]!, 6);
});

test("one training says nothing; none is refused", () => {
  const [first] = trained;
  for (const value of fromFirst(smoothCurve([first!], eighths))) expect(value).toBeCloseTo(0, 9);
  expect(() => smoothCurve([], eighths)).toThrow("needs one or more trainings");
});
