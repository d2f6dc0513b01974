// The views that evaluation averages.
import { expect, test } from "vitest";
import { evaluationViews } from "./evaluation-views.ts";

test("centre, or corners and centre and the same flipped, without holes", () => {
  const input = { height: 256, width: 256, channels: 3 };
  const crop = { height: 227, width: 227 };
  expect(evaluationViews("center", input, crop)).toEqual([
    { top: 14, left: 14, flip: false, holes: [], weight: 1 },
  ]);
  const views = evaluationViews("ten", input, crop);
  expect(views.length).toBe(10);
  expect(views.slice(5)).toEqual(views.slice(0, 5).map((view) => ({ ...view, flip: true })));
  expect(new Set(views.map((view) => JSON.stringify(view))).size).toBe(10);
  expect(views[3]).toEqual({ top: 29, left: 29, flip: false, holes: [], weight: 0.1 });
  expect(views[4]).toEqual({ top: 14, left: 14, flip: false, holes: [], weight: 0.1 });
});

test("the whole image and its mirror image where there is no room to crop", () => {
  const views = (height: number, width: number) =>
    evaluationViews("ten", { height: 8, width: 8, channels: 3 }, { height, width });
  expect(views(8, 8)).toEqual([
    { top: 0, left: 0, flip: false, holes: [], weight: 0.5 },
    { top: 0, left: 0, flip: true, holes: [], weight: 0.5 },
  ]);
  expect(views(8, 6)).toHaveLength(10);
});

test("six views: the centre, twice as heavy, and moved to two sides, each flipped too", () => {
  const whole = { height: 32, width: 32, channels: 3 };
  const views = evaluationViews("six", whole, whole);
  expect(views.map(({ top, left, flip, weight }) => [top, left, flip, weight])).toEqual([
    [0, 0, false, 0.25],
    [-1, -1, false, 0.125],
    [1, 1, false, 0.125],
    [0, 0, true, 0.25],
    [-1, -1, true, 0.125],
    [1, 1, true, 0.125],
  ]);
  expect(views.every(({ border }) => border === "reflect")).toBe(true);
});

test("a crop larger than the image", () => {
  const crop = { height: 227, width: 227 };
  expect(() => evaluationViews("ten", { height: 224, width: 256, channels: 3 }, crop)).toThrow(
    "crop: height must be an integer from 1 to the image's 224, got 227",
  );
});
