import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryDataset } from "../../../test/helpers/data.ts";
import type { Dataset, Part, Split } from "../dataset.ts";
import { apportion, missingClasses, missingInShares, type SplitOptions, splitDataset } from "./split.ts";

/** `sizes[label]` images a class, classes mixed up. */
function datasetOf(sizes: readonly number[], extra: Partial<Dataset> = {}): Dataset {
  const labels: number[] = [];
  for (let row = 0; row < Math.max(...sizes); row++) {
    for (const [label, size] of sizes.entries()) if (row < size) labels.push(label);
  }
  return memoryDataset(labels, extra);
}

const options = (more: Partial<SplitOptions> = {}): SplitOptions => ({
  seed: 1,
  validation: 0.2,
  test: 0.2,
  groups: [],
  ...more,
});
/** So many images for training, then for validation, then for the test. */
const partsOf = (train: number, validation: number, test: number): Part[] => [
  ...Array<Part>(train).fill("train"),
  ...Array<Part>(validation).fill("validation"),
  ...Array<Part>(test).fill("test"),
];
const parts = ["train", "validation", "test"] as const;
const countByClass = (dataset: Dataset, images: Int32Array) =>
  dataset.classes.map((_, label) => images.filter((image) => dataset.labels[image] === label).length);
const all = (split: Split) => parts.flatMap((part) => [...split[part]]).sort((a, b) => a - b);
const everything = (dataset: Dataset) => Array.from({ length: dataset.count }, (_, image) => image);

const sizes = fc.array(fc.integer({ min: 10, max: 40 }), { minLength: 2, maxLength: 5 });
const seed = fc.integer({ min: 0, max: 2 ** 40 });
const share = fc.double({ min: 0.1, max: 0.4, noNaN: true });

describe("no validation part", () => {
  it("leaves its images to the training part, and the test part as it is", () => {
    const dataset = datasetOf([20, 30]);
    const [with_, without] = [0.2, 0].map((validation) => splitDataset(dataset, options({ validation })));
    expect(without!.validation).toHaveLength(0);
    expect(without!.test).toEqual(with_!.test);
    expect(all(without!)).toEqual(everything(dataset));
  });

  it("is refused where the data come with one, and other parts must have images", () => {
    const officialParts = partsOf(6, 2, 2);
    const dataset = datasetOf([5, 5], { officialParts });
    expect(() => splitDataset(dataset, options({ validation: 0 }))).toThrow(
      "split: validation must not be 0, because the data come with a validation part; move its images to the training part, or leave --validation out",
    );
    expect(() => splitDataset(datasetOf([5, 5]), options({ test: 0 }))).toThrow("test must be a share");
  });
});

describe("splits", () => {
  it("every image into one part, sorted, with the class shares of the whole", () => {
    fc.assert(
      fc.property(sizes, seed, share, share, (counts, seed, validation, test) => {
        const dataset = datasetOf(counts);
        const split = splitDataset(dataset, options({ seed, validation, test }));
        expect(all(split)).toEqual(everything(dataset));
        for (const part of parts) expect([...split[part]]).toEqual([...split[part]].sort((a, b) => a - b));
        expect(split.test.length).toBe(Math.round(test * dataset.count));
        expect(split.validation.length).toBe(Math.round(validation * dataset.count));
        countByClass(dataset, split.test).forEach((count, label) => {
          expect(Math.abs(count - (counts[label]! * split.test.length) / dataset.count)).toBeLessThan(1);
        });
        countByClass(dataset, split.validation).forEach((count, label) => {
          expect(Math.abs(count - (counts[label]! * split.validation.length) / dataset.count)).toBeLessThan(
            2.5,
          );
        });
      }),
      { numRuns: 50 },
    );
  });

  it("the same for the same seed, another for another, the test part whatever the validation part is", () => {
    const dataset = datasetOf([50, 50]);
    expect(splitDataset(dataset, options())).toEqual(splitDataset(dataset, options()));
    const other = splitDataset(dataset, options({ seed: 2 }));
    expect(other.test).not.toEqual(splitDataset(dataset, options()).test);
    const small = splitDataset(dataset, options({ validation: 0.05 }));
    expect(small.test).toEqual(splitDataset(dataset, options()).test);
    // With the test part given, only the validation part is left to chance.
    const given = datasetOf([50, 50], { officialParts: partsOf(90, 0, 10) });
    const [first, again, second] = [1, 1, 2].map((each) => splitDataset(given, options({ seed: each })));
    expect(again).toEqual(first);
    expect(second!.validation).not.toEqual(first!.validation);
  });

  it("chooses without favour: over many seeds each image is in the test part equally often", () => {
    const dataset = datasetOf([10, 10]);
    const groups = [
      [dataset.names[0]!, dataset.names[2]!],
      [dataset.names[1]!, dataset.names[3]!],
    ];
    const times = new Array<number>(20).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      for (const image of splitDataset(dataset, options({ seed, groups })).test) times[image]!++;
    }
    // 0.2 of 2000, standard deviation 18
    for (const count of times) expect(Math.abs(count - 400)).toBeLessThan(80);
  });

  it("by number of images, exactly", () => {
    const split = splitDataset(datasetOf([30, 30]), options({ validation: 7, test: 10 }));
    expect([split.train.length, split.validation.length, split.test.length]).toEqual([43, 7, 10]);
  });
});

describe("groups", () => {
  it("stay on one side, chains included, and sizes stay exact", () => {
    const pairs = fc.array(fc.array(fc.nat(59), { minLength: 2, maxLength: 3 }), { maxLength: 8 });
    fc.assert(
      fc.property(pairs, seed, (lists, seed) => {
        const dataset = datasetOf([30, 30]);
        const groups = lists.map((list) => list.map((image) => dataset.names[image]!));
        const split = splitDataset(dataset, options({ seed, groups }));
        expect(all(split)).toEqual(everything(dataset));
        const partOf = (image: number) => parts.find((part) => split[part].includes(image));
        for (const list of lists) expect(new Set(list.map(partOf)).size).toBe(1);
        expect(countByClass(dataset, split.test)).toEqual([6, 6]);
        expect(countByClass(dataset, split.validation)).toEqual([6, 6]);
      }),
      { numRuns: 100 },
    );
  });

  it("may be written with the separators of Windows", () => {
    const dataset = memoryDataset(Array.from({ length: 40 }, (_, image) => image % 2));
    const groups = [[dataset.names[0]!, dataset.names[3]!]];
    const windows = groups.map((group) => group.map((name) => name.replaceAll("/", "\\")));
    expect(windows[0]![0]).not.toBe(groups[0]![0]);
    expect(splitDataset(dataset, options({ groups: windows }))).toEqual(
      splitDataset(dataset, options({ groups })),
    );
  });

  it("fill the parts as far as they fit when all images are in groups", () => {
    const dataset = datasetOf([20, 20]);
    const groups = Array.from({ length: 20 }, (_, pair) =>
      [pair * 2, pair * 2 + 1].map((at) => dataset.names[at]!),
    );
    const split = splitDataset(dataset, options({ groups }));
    expect([split.train.length, split.validation.length, split.test.length]).toEqual([24, 8, 8]);
    for (let pair = 0; pair < 20; pair++) {
      for (const part of parts)
        expect(split[part].includes(2 * pair)).toBe(split[part].includes(2 * pair + 1));
    }
  });

  it("may name broken images, but no unknown ones", () => {
    const dataset = datasetOf([10, 10], { broken: [{ name: "class0/broken.png", reason: "empty" }] });
    const known = dataset.names[0]!;
    expect(splitDataset(dataset, options({ groups: [["class0/broken.png", known]] }))).toEqual(
      splitDataset(dataset, options()),
    );
    expect(() =>
      splitDataset(
        dataset,
        options({
          groups: [
            [known, "class0/x.png"],
            ["y.png", "z.png"],
          ],
        }),
      ),
    ).toThrow(/names of images \(as class0\/0.png\), got 3 unknown: class0\/x.png, y.png, z.png/);
  });
});

describe("an official test part", () => {
  const officialParts = partsOf(30, 0, 10);
  it("is the test part; shares are shares of the rest", () => {
    const dataset = datasetOf([20, 20], { officialParts });
    const split = splitDataset(dataset, options({ test: 0.9 }));
    expect([...split.test]).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
    expect([split.train.length, split.validation.length]).toEqual([24, 6]);
    expect(all(split)).toEqual(everything(dataset));
  });
  it("is not replaced by others where none of its images could be read", () => {
    const dataset = datasetOf([20, 20], { officialParts: partsOf(30, 10, 0) });
    expect(() => splitDataset(dataset, options())).toThrow("split: the test part must have images, got none");
  });
  it("keeps its near-duplicates out of training and validation", () => {
    const dataset = datasetOf([20, 20], { officialParts });
    const groups = [[dataset.names[3]!, dataset.names[35]!]];
    const split = splitDataset(dataset, options({ groups }));
    expect(all(split)).toEqual(everything(dataset).filter((image) => image !== 3));
    expect(split.test).toContain(35);
  });
});

describe("an official validation part", () => {
  const dataset = datasetOf([20, 20], { officialParts: partsOf(20, 10, 10) });
  const numbers = (from: number, end: number) => Array.from({ length: end - from }, (_, at) => from + at);
  it("is the validation part, whatever share is asked for", () => {
    for (const validation of [0.1, 0.9, 1_000_000]) {
      const split = splitDataset(dataset, options({ validation }));
      expect([split.train, split.validation, split.test].map((images) => [...images])).toEqual([
        numbers(0, 20),
        numbers(20, 30),
        numbers(30, 40),
      ]);
    }
  });
  it("keeps its near-duplicates out of training, and has none of the test", () => {
    const name = (image: number) => dataset.names[image]!;
    const groups = [
      [name(3), name(22)],
      [name(23), name(31)],
      [name(4), name(5)],
    ];
    const split = splitDataset(dataset, options({ groups }));
    expect([...split.train]).toEqual(numbers(0, 20).filter((image) => image !== 3));
    expect([...split.validation]).toEqual(numbers(20, 30).filter((image) => image !== 23));
    expect([...split.test]).toEqual(numbers(30, 40));
  });
});

describe("refuses", () => {
  it.each([0, 1, -0.1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])("a share or number of %d", (value) => {
    const dataset = datasetOf([10, 10]);
    expect(() => splitDataset(dataset, options({ test: value }))).toThrow(/^split: test must be a share/);
    if (value === 0) return; // none at all
    expect(() => splitDataset(dataset, options({ validation: value }))).toThrow(
      /^split: validation must be a share/,
    );
  });
  it("empty parts and classes without training images", () => {
    const dataset = datasetOf([10, 10]);
    expect(() => splitDataset(dataset, options({ test: 0.01 }))).toThrow(
      /test must get at least one image, got 0.01 of 20/,
    );
    expect(() => splitDataset(dataset, options({ test: 20 }))).toThrow(
      /test must leave images for training, got 20/,
    );
    expect(() => splitDataset(dataset, options({ test: 10, validation: 10 }))).toThrow(
      /the train part must have images/,
    );
    expect(() => splitDataset(datasetOf([40, 1]), options({ test: 30, validation: 9 }))).toThrow(
      /every class must have a training image, got none of "class[01]"; add images of it/,
    );
  });
});

it("apportions by largest remainders", () => {
  expect(apportion([1, 1, 1], 2)).toEqual([1, 1, 0]);
  expect(apportion([50, 30, 20], 10)).toEqual([5, 3, 2]);
  fc.assert(
    fc.property(
      fc.array(fc.nat(1000), { minLength: 1 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (counts, part) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        fc.pre(total > 0);
        const wanted = Math.floor(part * total);
        const shares = apportion(counts, wanted);
        expect(shares.reduce((sum, count) => sum + count, 0)).toBe(wanted);
        shares.forEach((taken, at) => {
          expect(taken).toBeLessThanOrEqual(counts[at]!);
          expect(Math.abs(taken - (counts[at]! * wanted) / total)).toBeLessThan(1);
        });
      },
    ),
  );
});

it("finds images of groups by names that look the same", () => {
  const dataset = memoryDataset([0, 0, 0, 0, 1, 1, 1, 1], {
    names: ["cafe\u0301/0.png", ...[1, 2, 3, 4, 5, 6, 7].map((image) => `${image}.png`)],
  });
  for (let seed = 0; seed < 10; seed++) {
    const groups = [["caf\u00E9\\0.png", "1.png"]];
    const split = splitDataset(dataset, { seed, validation: 0.25, test: 0.25, groups });
    const partOf = (image: number) => Object.entries(split).find(([, images]) => images.includes(image))![0];
    expect(partOf(0)).toBe(partOf(1));
  }
});

it("tells the classes that are not in every part", () => {
  const dataset = memoryDataset([...new Array(40).fill(0), ...new Array(40).fill(1), 2, 2]);
  const split = splitDataset(dataset, { seed: 0, validation: 0.1, test: 0.25, groups: [] });
  const [missing] = missingClasses(dataset, split);
  expect(missing).toMatchObject({ class: "class2", images: 2 });
  expect(missingClasses(dataset, split)).toHaveLength(1);
  // The same as is said before there is a split, from the numbers alone.
  const shares = { validation: 0.1, test: 0.25 };
  expect(missingInShares(dataset.classes, [40, 40, 2], shares)).toEqual([missing]);
  expect(missingInShares(dataset.classes, [40, 40, 40], shares)).toEqual([]);
  const unvalidated = splitDataset(dataset, { seed: 0, validation: 0, test: 0.25, groups: [] });
  expect(missingClasses(dataset, unvalidated).map(({ class: name }) => name)).not.toContain("class0");
});
