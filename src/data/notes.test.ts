import { expect, it } from "vitest";
import { memoryDataset } from "../../test/helpers/data.ts";
import { notesOn } from "./notes.ts";

it("says in a line each what is not read, what else was found, and which classes are too small", () => {
  const dataset = memoryDataset([0, 0, 0, 1, 1, 1, 2], {
    leftOut: [
      { what: ".ppm", count: 20, names: ["a/1.ppm"], remedy: "convert them to PNG or JPEG" },
      { what: "hidden files", count: 1, names: [".x"] },
    ],
    notes: ["the cache was damaged"],
  });
  const split = { train: Int32Array.of(0, 3, 6), validation: Int32Array.of(1, 4), test: Int32Array.of(2, 5) };
  expect(notesOn(dataset, split, "dataset.json")).toEqual([
    "not read: .ppm: 20 (convert them to PNG or JPEG), hidden files: 1; dataset.json names some of each",
    "the cache was damaged",
    'a class is too small to be in every part: "class2" (1 image, none for validation and the test); add images of it, or leave it out',
  ]);
  const whole = { ...dataset, classes: dataset.classes.slice(0, 2), leftOut: [], notes: [] };
  expect(notesOn(whole, split, "dataset.json")).toEqual([]);
});
