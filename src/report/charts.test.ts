// The charts as pictures: drawn by librsvg and looked at pixel by pixel. Nothing clipped, the right colours, the right axis.
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { textOf } from "../../test/fixtures/page.ts";
import { epochsOf, evaluationOf, prediction } from "../../test/fixtures/run-folder.ts";
import { hasFont } from "../../test/helpers/fonts.ts";
import { printable } from "../text.ts";
import { bestEpoch, epochTicks, keptEpoch, learningCurves, sideBySide, validationCurves } from "./charts.ts";
import { confusionMatrix } from "./confusion-chart.ts";
import { renderSvg } from "./render.ts";
import { literal } from "./svg-text.ts";
import { textWidth } from "./text-width.ts";

type Spec = Parameters<typeof renderSvg>[0];

async function draw(spec: Spec) {
  const svg = await renderSvg(spec, { for: "file", title: "test" });
  const { data, info } = await sharp(Buffer.from(svg))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { svg, pixels: data, width: info.width, height: info.height };
}

type Picture = Awaited<ReturnType<typeof draw>>;

/** No ink on the outermost pixels: whatever is cut off by the picture's border would leave some. */
function expectUnclipped({ width, height, pixels }: Picture): void {
  const ink: string[] = [];
  for (let y = 0; y < height; y++) {
    const border = y === 0 || y === height - 1;
    for (let x = 0; x < width; x += border ? 1 : width - 1) {
      const at = 3 * (y * width + x);
      if (pixels[at]! + pixels[at + 1]! + pixels[at + 2]! < 3 * 255) ink.push(`${x}, ${y}`);
    }
  }
  expect(ink).toEqual([]);
}

function countColor({ pixels }: Picture, [red, green, blue]: readonly [number, number, number]): number {
  let count = 0;
  for (let at = 0; at < pixels.length; at += 3) {
    const difference = Math.max(
      Math.abs(pixels[at]! - red),
      Math.abs(pixels[at + 1]! - green),
      Math.abs(pixels[at + 2]! - blue),
    );
    if (difference < 24) count++;
  }
  return count;
}

const blue = [0x2f, 0x7b, 0xd6] as const;
const red = [0xd8, 0x40, 0x3c] as const;

/** A run that was not tested. */
const shown = (epochs: ReturnType<typeof epochsOf>) => ({ epochs, test: null, evaluation: null });

/** Where letters can be drawn: without a font they have the size of no letter. */
const withFont = test.skipIf(!hasFont);

withFont(
  "learning curves of 1, 2, 5 and 300 epochs: blue and red drawn, best epoch named, nothing clipped",
  async () => {
    for (const [count, best] of [
      [1, 1],
      [2, 1],
      [5, 3],
      [300, 299],
    ] as const) {
      const curves = learningCurves(epochsOf(count, best));
      for (const spec of [curves.loss, curves.accuracy, sideBySide(curves)]) {
        const drawn = await draw(spec);
        expectUnclipped(drawn);
        expect(countColor(drawn, blue)).toBeGreaterThan(20);
        expect(countColor(drawn, red)).toBeGreaterThan(20);
        expect(drawn.svg).toContain(`best: epoch ${best}, `);
      }
    }
  },
);

withFont("both panels of a page are of one size, whatever the numbers beside them", async () => {
  const large = epochsOf(20).map((record) => ({
    ...record,
    train: { ...record.train, loss: 123456 / record.epoch },
  }));
  const { loss, accuracy } = learningCurves(large);
  const [first, second] = [await draw(loss), await draw(accuracy)];
  expect([first.width, first.height]).toEqual([second.width, second.height]);
  expectUnclipped(first);
});

test("the best epoch is the last one marked best; none marked is none", () => {
  expect(bestEpoch(epochsOf(5, 3))?.epoch).toBe(3);
  expect(bestEpoch(epochsOf(5, 0))).toBeNull();
  expect(bestEpoch([])).toBeNull();
  // As runs without validation were marked by earlier versions.
  expect(bestEpoch(epochsOf(5).map((one) => ({ ...one, validation: null })))).toBeNull();
});

test("the kept epoch is the one that was tested; before the test the best one so far", () => {
  const evaluation = { ...evaluationOf(["a"], []), epoch: 5 };
  expect(keptEpoch({ ...shown(epochsOf(5, 3)), evaluation })?.epoch).toBe(5);
  expect(keptEpoch(shown(epochsOf(5, 3)))?.epoch).toBe(3);
  expect(keptEpoch(shown([]))).toBeNull();
});

test("epoch labels are whole, rising, within the run, and at most eleven", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200_000 }), (last) => {
      const ticks = epochTicks(last);
      expect(ticks.length).toBeGreaterThan(0);
      expect(ticks.length).toBeLessThanOrEqual(11);
      for (const [index, tick] of ticks.entries()) {
        expect(Number.isInteger(tick)).toBe(true);
        expect(tick).toBeGreaterThan(ticks[index - 1] ?? 0);
        expect(tick).toBeLessThanOrEqual(last);
      }
    }),
  );
});

test("curves without any number, or all zero, still draw", async () => {
  const record = epochsOf(1)[0]!;
  const none = {
    ...record,
    train: { loss: Number.NaN, top1: 0 },
    validation: { loss: Number.NaN, top1: 0, top5: 0, count: 5 },
  };
  const zero = {
    ...record,
    train: { loss: 0, top1: 0 },
    validation: { loss: 0, top1: 0, top5: 0, count: 5 },
  };
  for (const epochs of [[none], [zero], []]) {
    const curves = learningCurves(epochs);
    for (const spec of [curves.loss, curves.accuracy]) {
      const { svg } = await draw(spec);
      expect(svg).not.toContain("NaN");
    }
  }
});

withFont("several runs: each has its name in the legend, also when names are long or not Latin", async () => {
  const labels = [
    "without Cutout",
    "with Cutout (length 16, 2 holes, in 50 % of the images)",
    "訓練データの拡張あり",
  ];
  const { accuracy } = validationCurves(
    labels.map((label, index) => ({ label, run: shown(epochsOf(6 + index)) })),
  );
  const drawn = await draw(accuracy);
  expectUnclipped(drawn);
  expect(drawn.svg).toContain("without Cutout");
  expect(drawn.svg).toContain("訓練データの拡張あり");
});

withFont("a name too long for a line of the legend goes on below, nothing of it is lost", async () => {
  const long =
    "with Cutout like timm (2 % to 33.33 % of the area, rectangles of aspect 0.3 to 3.333, holes fully inside, " +
    'in 50 % of the images), trivial-augment, "quoted" \\ and <cutmix>';
  for (const labels of [
    ["without Cutout", long],
    [long, `${long} again`],
  ]) {
    const drawn = await draw(
      validationCurves(labels.map((label) => ({ label, run: shown(epochsOf(3)) }))).accuracy,
    );
    expectUnclipped(drawn);
    const text = textOf(drawn.svg);
    for (const word of labels.join(" ").split(" ")) expect(text).toContain(word);
    expect(text).not.toContain("…");
  }
});

withFont(
  "matrices of 1 to 130 classes with names short and long: nothing clipped, every count in its place",
  async () => {
    for (const [size, name] of [
      [1, "x"],
      [2, "cat"],
      [2, "a name that is far too long to be written in full beside a matrix of two classes"],
      [10, "automobile"],
      [10, "W"],
      [100, "aquarium fish"],
      [130, "class"],
    ] as const) {
      const names = Array.from({ length: size }, (_, index) => `${name} ${index}`);
      const answers = names.flatMap((_, index) => [
        prediction("a", index),
        prediction("b", index, (index + 1) % size),
      ]);
      const drawn = await draw(confusionMatrix(evaluationOf(names, answers), false));
      expectUnclipped(drawn);
      // Both answers are right where there is one class only.
      expect(drawn.svg.split('aria-label="').length - 1).toBeGreaterThanOrEqual(size === 1 ? 1 : 2 * size);
      expect(drawn.svg).not.toContain("href");
    }
  },
);

test("a matrix of a thousand classes holds what was counted, not a million zeros; a small one writes its zeros", () => {
  const cells = (size: number) => {
    const names = Array.from({ length: size }, (_, index) => `class ${index}`);
    const answers = names.map((_, index) => prediction("a", index));
    const { data } = confusionMatrix(evaluationOf(names, answers), true) as { data?: { values: unknown[] } };
    return data!.values.length;
  };
  expect(cells(1000)).toBe(1000);
  expect(cells(12)).toBe(144);
});

test("an empty class and a matrix without images draw", async () => {
  const empty = await renderSvg(confusionMatrix(evaluationOf(["a", "b"], []), true), {
    for: "page",
    title: "test",
  });
  expect(empty).not.toContain("NaN");
  expect(empty).not.toContain("href=");
});

test("inside a page an SVG names no address and follows the text colour", async () => {
  const { loss } = learningCurves(epochsOf(3));
  const svg = await renderSvg(loss, { for: "page", title: 'Loss <"&>' });
  expect(svg).not.toContain("http");
  expect(svg).toContain('fill="currentColor"');
  expect(svg).not.toMatch(/<rect [^>]*fill="white"/);
  expect(svg).toContain('aria-label="Loss &#60;&#34;&#38;>"');
});

test("names break no drawing: patterns of a replacement, separators of lines", async () => {
  const { loss } = learningCurves(epochsOf(3));
  const plain = await renderSvg(loss, { for: "page", title: "x" });
  const svg = await renderSvg(loss, { for: "page", title: "a $' b $& c" });
  expect(svg).toBe(plain.replace('aria-label="x"', () => `aria-label="a $' b $&#38; c"`));
  expect(literal(["a\u2028b", 1])).toBe('["a\\u2028b",1]');
  expect(printable("a\u2028b")).toBe("a\uFFFDb");
});

test("text is measured per character: wider characters, larger sizes and longer texts take more", () => {
  expect(textWidth("", 12)).toBe(0);
  expect(textWidth("WWW", 12)).toBeGreaterThan(2 * textWidth("iii", 12));
  expect(textWidth("猫", 12)).toBe(12);
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.integer({ min: 1, max: 40 }), (a, b, size) => {
      expect(textWidth(a + b, size)).toBeGreaterThanOrEqual(textWidth(a, size));
      expect(textWidth(a, 2 * size)).toBeCloseTo(2 * textWidth(a, size), 9);
    }),
  );
});
