import { expect, it } from "vitest";
import type { Part } from "../dataset.ts";
import { officialSplit } from "./official-split.ts";

/** What the data are called, each with the part it is of; all null where the data are not split. */
const splits: [string, readonly (readonly [Part | null, Part | null])[]][] = [
  ["one for training", [["train", null]]],
  ["one for the test", [["test", null]]],
  [
    "names that say nothing",
    [
      [null, null],
      [null, null],
    ],
  ],
  [
    "training and test",
    [
      ["train", "train"],
      ["test", "test"],
    ],
  ],
  [
    "training and validation",
    [
      ["train", "train"],
      ["validation", "test"],
    ],
  ],
  [
    "all three",
    [
      ["train", "train"],
      ["validation", "validation"],
      ["test", "test"],
    ],
  ],
  [
    "validation and test",
    [
      ["validation", "train"],
      ["test", "test"],
    ],
  ],
  [
    "names that say nothing beside validation and test",
    [
      [null, "train"],
      ["validation", "validation"],
      ["test", "test"],
    ],
  ],
  [
    "names that say nothing beside a test",
    [
      [null, "train"],
      ["test", "test"],
    ],
  ],
];
it.each(splits)("the split of %s", (_, pairs) => {
  const named = pairs.map(([name]) => name);
  const { parts, partOf } = officialSplit(named);
  expect(named.map(partOf)).toEqual(pairs.map(([, part]) => part));
  const found = pairs.map(([, part]) => part);
  expect(parts).toEqual((["train", "validation", "test"] as const).filter((part) => found.includes(part)));
});
