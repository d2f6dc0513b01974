// Masks, boxes and key points against what happens to the pixels of the image itself.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import type { Augmentation } from "../augmentation.ts";
import { trivialAugment } from "../colour/trivial-augment.ts";
import { compose } from "../compose.ts";
import { cutoutAugmentation } from "../cutout/augmentation.ts";
import { affine } from "../geometry/affine.ts";
import { horizontalFlip, verticalFlip } from "../geometry/flips.ts";
import { move } from "../geometry/matrix.ts";
import { randomCrop } from "../geometry/random-crop.ts";
import { resizedCrop } from "../geometry/resized-crop.ts";
import { rotation } from "../geometry/rotation.ts";
import type { Effect } from "./effect.ts";
import { type TargetBox, type TargetOptions, transformTargets } from "./targets.ts";

const shape = { height: 12, width: 10, channels: 1 };

const holes = cutoutAugmentation({ length: 6, nHoles: 2, fill: 0 });
const movers: { readonly [name: string]: Augmentation<unknown> } = {
  flip: horizontalFlip({ probability: 1 }),
  "vertical flip": verticalFlip({ probability: 1 }),
  "random crop": randomCrop({ height: 12, width: 10, padding: 4 }),
  "resized crop": resizedCrop({ size: { height: 9, width: 13 }, interpolation: "nearest" }),
  rotation: rotation({ degrees: 180 }),
  affine: affine({ degrees: 30, translate: [0.2, 0.2], scale: [0.7, 1.4], shear: 20 }),
  cutout: holes,
  "all of them": compose([
    horizontalFlip(),
    holes,
    affine({ degrees: 180, scale: [0.8, 1.2] }),
    resizedCrop({ size: 9, interpolation: "nearest" }),
    cutoutAugmentation({ length: 2 }),
  ]),
};

describe.each(Object.entries(movers))("%s", (_, augment) => {
  test("a mask is what the image itself becomes with the nearest pixel", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const pixels = Uint8Array.from({ length: 120 }, (_, i) => i + 1);
        const image = { ...shape, layout: "HWC", pixels } as const;
        const parameters = augment.sample(stream(seed, "t"), image, 0);
        const changed = augment.apply(image, parameters);
        const mask = { height: 12, width: 10, pixels: pixels.slice() };
        const { masks } = transformTargets(augment, parameters, image, { masks: [mask] }, { maskHidden: 0 });
        expect(masks).toEqual([{ height: changed.height, width: changed.width, pixels: changed.pixels }]);
        expect(mask.pixels).toEqual(pixels);
        const labels = { masks: [{ ...mask, pixels: Int32Array.from(pixels) }] };
        const fills = { maskHidden: -1, maskOutside: -2 };
        const [filled] = transformTargets(augment, parameters, image, labels, fills).masks;
        changed.pixels.forEach((value, place) => {
          expect(value > 0 ? filled!.pixels[place] === value : filled!.pixels[place]! < 0).toBe(true);
        });
      }),
      { numRuns: 40 },
    );
  });

  test("a key point goes where the pixel under it goes; it is dropped exactly when that is gone", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat({ max: 11 }), fc.nat({ max: 9 }), (seed, row, column) => {
        const parameters = augment.sample(stream(seed, "t"), shape, 0);
        const point = { x: column + 0.5, y: row + 0.5, name: "eye" };
        const drop = { hiddenKeyPoints: "drop", outsideKeyPoints: "drop" } as const;
        const { keyPoints } = transformTargets(augment, parameters, shape, { keyPoints: [point] }, drop);
        // The slow version: through one effect after the other.
        let place = { x: point.x, y: point.y };
        let frame: { height: number; width: number } = shape;
        let gone = false;
        for (const effect of augment.effects!(parameters, shape)) {
          if (effect.kind === "move") {
            place = move(effect.matrix, place);
            frame = effect;
            gone ||= place.x < 0 || place.x > frame.width || place.y < 0 || place.y > frame.height;
          } else if (!gone) {
            gone ||= effect.covered[Math.floor(place.y) * frame.width + Math.floor(place.x)] === 1;
          }
        }
        expect(keyPoints).toEqual(gone ? [] : [{ name: "eye", ...place }]);
        const keep = { hiddenKeyPoints: "keep", outsideKeyPoints: "keep" } as const;
        expect(
          transformTargets(augment, parameters, shape, { keyPoints: [point] }, keep).keyPoints,
        ).toHaveLength(1);
      }),
      { numRuns: 60 },
    );
  });
});

describe("boxes", () => {
  const wholeBoxes: fc.Arbitrary<TargetBox> = fc
    .tuple(
      fc.nat({ max: 9 }),
      fc.nat({ max: 11 }),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 12 }),
    )
    .map(([left, top, width, height]) => ({
      left,
      top,
      right: Math.min(10, left + width),
      bottom: Math.min(12, top + height),
    }));
  const exact = compose([
    horizontalFlip(),
    cutoutAugmentation({ length: 6, nHoles: 3 }),
    randomCrop({ height: 9, width: 8, padding: 2 }),
    cutoutAugmentation({ length: 4 }),
  ]);

  test("holes, flips and crops: the tight box around what a mask of the box has left, and its share", () => {
    fc.assert(
      fc.property(fc.integer(), wholeBoxes, (seed, box) => {
        const parameters = exact.sample(stream(seed, "t"), shape, 0);
        const pixels = Uint8Array.from({ length: 120 }, (_, i) => {
          const [y, x] = [Math.floor(i / 10), i % 10];
          return Number(y >= box.top && y < box.bottom && x >= box.left && x < box.right);
        });
        const targets = { boxes: [{ ...box, label: "cat" }], masks: [{ height: 12, width: 10, pixels }] };
        const { boxes, masks } = transformTargets(exact, parameters, shape, targets, { maskHidden: 0 });
        const left: [number, number][] = [];
        masks[0]!.pixels.forEach((value, i) => {
          if (value === 1) left.push([Math.floor(i / 8), i % 8]);
        });
        const [rows, columns] = [left.map(([y]) => y), left.map(([, x]) => x)];
        const expected = {
          label: "cat",
          left: Math.min(...columns),
          right: Math.max(...columns) + 1,
          top: Math.min(...rows),
          bottom: Math.max(...rows) + 1,
          visibility: expect.closeTo(left.length / ((box.bottom - box.top) * (box.right - box.left)), 10),
        };
        expect(boxes).toEqual(left.length === 0 ? [] : [expected]);
      }),
      { numRuns: 300 },
    );
  });

  test("a box of parts of pixels, without effects, stays as it is", () => {
    const box = { left: 1.25, top: 0.5, right: 3.75, bottom: 11.9 };
    expect(transformTargets({}, null, shape, { boxes: [box] }).boxes).toEqual([{ ...box, visibility: 1 }]);
  });

  test("turned boxes become the upright box around the four corners, as far as it is in the image", () => {
    fc.assert(
      fc.property(fc.double({ min: -180, max: 180, noNaN: true }), (angle) => {
        const turn = rotation({ degrees: 180 });
        // In the middle, so that it never leaves the image.
        const box = { left: 3.5, top: 5, right: 6.5, bottom: 7 };
        const [found] = transformTargets(turn, { angle }, shape, { boxes: [box] }).boxes;
        const [cos, sin] = [
          Math.abs(Math.cos((angle / 180) * Math.PI)),
          Math.abs(Math.sin((angle / 180) * Math.PI)),
        ];
        const [width, height] = [3 * cos + 2 * sin, 3 * sin + 2 * cos];
        expect(found!.left).toBeCloseTo(5 - width / 2, 9);
        expect(found!.right).toBeCloseTo(5 + width / 2, 9);
        expect(found!.top).toBeCloseTo(6 - height / 2, 9);
        expect(found!.bottom).toBeCloseTo(6 + height / 2, 9);
        expect(found!.visibility).toBeCloseTo(1, 12);
      }),
    );
  });

  test("enlarged boxes: the share that stays in the frame", () => {
    const crop = resizedCrop({ size: 40 });
    const parameters = { top: 0, left: 0, height: 5, width: 4 };
    const box = { left: 2, top: 0, right: 8, bottom: 5 };
    const [found] = transformTargets(crop, parameters, shape, { boxes: [box] }).boxes;
    expect(found).toEqual({ left: 20, top: 0, right: 40, bottom: 40, visibility: expect.closeTo(1 / 3, 10) });
  });

  const half: readonly Effect[] = [
    { kind: "hide", covered: Uint8Array.from({ length: 120 }, (_, i) => Number(i % 10 < 5)) },
  ];
  const box = { left: 2, top: 2, right: 8, bottom: 8 };
  const halved = (options: Partial<TargetOptions>) =>
    transformTargets({ effects: () => half }, null, shape, { boxes: [box] }, options).boxes;

  test("shrink, or keep their size, or are dropped", () => {
    expect(halved({})).toEqual([{ ...box, left: 5, visibility: 0.5 }]);
    expect(halved({ shrinkBoxes: false })).toEqual([{ ...box, visibility: 0.5 }]);
    expect(halved({ minVisibility: 0.5 })).toHaveLength(1);
    expect(halved({ minVisibility: 0.51 })).toEqual([]);
  });

  test("a hole in the middle takes visibility and no size", () => {
    const covered = Uint8Array.from({ length: 120 }, (_, i) => Number(i === 4 * 10 + 4));
    const effects = () => [{ kind: "hide", covered } as const];
    expect(transformTargets({ effects }, null, shape, { boxes: [box] }).boxes).toEqual([
      { ...box, visibility: expect.closeTo(35 / 36, 10) },
    ]);
  });
});

test("what only changes colours leaves all as it is", () => {
  const augment = trivialAugment();
  const targets = { boxes: [{ left: 0, top: 0, right: 2, bottom: 2 }], keyPoints: [{ x: 10, y: 0 }] };
  const { boxes, keyPoints } = transformTargets(
    augment,
    { operation: "equalize", magnitude: 0 },
    shape,
    targets,
  );
  expect(boxes).toEqual([{ ...targets.boxes[0], visibility: 1 }]);
  expect(keyPoints).toEqual(targets.keyPoints);
});

test("points on the border stay in the image when it is flipped", () => {
  const corners = [0, 10].flatMap((x) => [0, 12].map((y) => ({ x, y })));
  const flip = horizontalFlip();
  const { keyPoints } = transformTargets(flip, { flip: true }, shape, { keyPoints: corners }, {});
  expect(keyPoints).toEqual(corners.map(({ x, y }) => ({ x: 10 - x, y })));
});

describe("bad input", () => {
  const flip = horizontalFlip();
  const run = (targets: object, options: object = {}) =>
    transformTargets(flip, { flip: true }, shape, targets, options);

  test.each<[object, object, string]>([
    [{}, { minVisibility: 2 }, "targets: minVisibility must be a number from 0 to 1, got 2"],
    [{}, { hiddenKeyPoints: "hide" }, 'targets: hiddenKeyPoints must be "keep" or "drop", got "hide"'],
    [{}, { boxes: 1 }, "targets: options must be among minVisibility"],
    [
      { masks: [{ height: 3, width: 3, pixels: new Uint8Array(9) }] },
      {},
      "a mask must have the image's 12 x 10 pixels, got 3 x 3",
    ],
    [
      { masks: [{ height: 12, width: 10, pixels: new Float32Array(120) }] },
      {},
      "pixels of a mask must be a Uint8Array",
    ],
    [
      { masks: [{ height: 12, width: 10, pixels: new Uint8Array(120) }] },
      { maskHidden: -1 },
      "maskOutside and maskHidden must fit the mask's array, got -1",
    ],
    [
      { boxes: [{ left: 3, right: 3, top: 0, bottom: 1 }] },
      {},
      "a box must have left < right and top < bottom, got columns 3 to 3",
    ],
    [{ boxes: [{ left: Number.NaN, right: 3, top: 0, bottom: 1 }] }, {}, "a box must have left < right"],
    [{ keyPoints: [{ x: Number.POSITIVE_INFINITY, y: 0 }] }, {}, "a key point must have finite x and y"],
  ])("%o %o", (targets, options, message) => {
    expect(() => run(targets, options)).toThrow(message);
  });

  test("an image of size zero", () => {
    expect(() => transformTargets(flip, { flip: true }, { ...shape, width: 0 }, {})).toThrow(
      "targets: width must be an integer >= 1, got 0",
    );
  });
});
